"""The table: what PyTorch's own wheels, CUDA's drivers and NVIDIA's GPUs ask of each other.

Sources
    Releases, Python, builds, kernels   PyTorch's RELEASE.md: its compatibility matrix and its CUDA support matrix,
                                        as they stood for 2.11 and, alike, for 2.12, 2.13 and 2.14
    Drivers                             NVIDIA, CUDA Toolkit 13.2 release notes, "CUDA Toolkit and Corresponding
                                        Driver Versions" (the first, GA, release of each toolkit)
    Families                            NVIDIA, CUDA Compatibility, "Minor Version Compatibility"
    Generations                         NVIDIA, CUDA C++ Programming Guide, "Compute Capabilities"

Kernels compiled for X.y run on every GPU X.z with z >= y, and on no other X. What the table cannot see: NVIDIA's
forward-compatibility package for data-center GPUs, which lets an older driver run a newer CUDA; builds that
somebody else compiled; releases that came after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

Version = tuple[int, ...]
Capability = tuple[int, int]

DRIVERS_PAGE = "https://www.nvidia.com/drivers"
WHEELS = "https://download.pytorch.org/whl"


@dataclass(frozen=True)
class Minimum:
    """The oldest driver that will do; ``windows`` is None where NVIDIA names none."""

    linux: Version
    windows: Version | None

    def on(self, windows: bool) -> Version | None:
        return self.windows if windows else self.linux


@dataclass(frozen=True)
class Release:
    """A release of PyTorch: the oldest and newest Python it takes, and the CUDA versions it is built for."""

    oldest: Version
    newest: Version
    builds: tuple[str, ...]
    experimental: tuple[str, ...] = ()


RELEASES = {  # from old to new
    "2.11": Release((3, 10), (3, 14), ("12.6", "12.8", "13.0")),
    "2.12": Release((3, 10), (3, 14), ("12.6", "13.0", "13.2"), experimental=("13.2",)),
    "2.13": Release((3, 10), (3, 15), ("12.6", "13.0", "13.2"), experimental=("13.2",)),
    "2.14": Release((3, 10), (3, 15), ("12.6", "13.0", "13.2")),
}

# The driver that a CUDA version came with: with it, or a newer one, everything works.
OWN_DRIVER = {
    "12.6": Minimum((560, 28, 3), (560, 76)),
    "12.8": Minimum((570, 26), (570, 65)),
    "13.0": Minimum((580, 65, 6), None),
    "13.2": Minimum((595, 45, 4), None),
}

# The driver that a whole family runs on, by minor-version compatibility: what needs a newer one is missing.
FAMILY_DRIVER = {
    11: Minimum((450, 80, 2), (452, 39)),
    12: Minimum((525, 60, 13), (528, 33)),
    13: Minimum((580, 65, 6), (580,)),
}

# Compute capabilities that a build has kernels for, by processor architecture.
KERNELS: dict[str, dict[str, tuple[Capability, ...]]] = {
    "x86_64": {
        "12.6": ((5, 0), (6, 0), (7, 0), (7, 5), (8, 0), (8, 6), (9, 0)),
        "12.8": ((7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0)),
        "13.0": ((7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0)),
        "13.2": ((7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0)),
    },
    "aarch64": {
        "12.6": ((8, 0), (9, 0)),
        "12.8": ((8, 0), (9, 0), (10, 0), (12, 0)),
        "13.0": ((8, 0), (9, 0), (10, 0), (11, 0), (12, 0)),
        "13.2": ((8, 0), (9, 0), (10, 0), (11, 0), (12, 0)),
    },
}

# Beside its kernels, a build for Linux holds code that the driver compiles for GPUs newer than this.
PTX: dict[str, Capability] = {"13.0": (12, 0), "13.2": (12, 0)}

ARCHITECTURES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "aarch64"}  # as Python's platform names them

GENERATIONS = {
    2: "Fermi",
    3: "Kepler",
    5: "Maxwell",
    6: "Pascal",
    7: "Volta",
    8: "Ampere",
    9: "Hopper",
    10: "Blackwell",
    11: "Blackwell",
    12: "Blackwell",
}
EXCEPTIONS = {(7, 5): "Turing", (8, 9): "Ada Lovelace"}  # these share their first number with another generation


def generation(capability: Capability | None) -> str | None:
    """The name of a GPU's generation, None where the table has none."""
    if capability is None:
        return None
    return EXCEPTIONS.get(capability) or GENERATIONS.get(capability[0])


def release_of(version: str) -> str:
    """ "2.13" of "2.13.1+cu126"."""
    return ".".join(version.partition("+")[0].split(".")[:2])


def kernels(architecture: str, cuda: str) -> tuple[Capability, ...] | None:
    """What a build has kernels for, None where the table does not say."""
    return KERNELS.get(ARCHITECTURES.get(architecture, ""), {}).get(cuda)


def runs_on(capability: Capability, compiled: tuple[Capability, ...]) -> bool:
    """Whether one of these kernels runs on a GPU."""
    return any(major == capability[0] and minor <= capability[1] for major, minor in compiled)


class Support(IntEnum):
    """How far a driver carries a CUDA version."""

    TOO_OLD = 0
    FAMILY = 1  # by minor-version compatibility, as far as the table knows
    FULL = 2


def support(driver: Version, cuda: str, windows: bool) -> Support | None:
    """None where the table does not know the CUDA version."""
    family = int(cuda.partition(".")[0])
    least = family_driver(cuda, windows)
    if least is None:
        return None
    if driver < least:
        return Support.TOO_OLD
    own = OWN_DRIVER[cuda].on(windows) if cuda in OWN_DRIVER else None
    following = family_driver(f"{family + 1}.0", windows)  # newer than every toolkit of this family
    return Support.FULL if any(v is not None and driver >= v for v in (own, following)) else Support.FAMILY


def family_driver(cuda: str, windows: bool) -> Version | None:
    """The oldest driver that runs anything of a CUDA version's family."""
    least = FAMILY_DRIVER.get(int(cuda.partition(".")[0]))
    return least.on(windows) if least is not None else None


def full_driver(cuda: str, windows: bool) -> Version | None:
    """The driver to ask for: the one that a CUDA version came with, or else its family's."""
    own = OWN_DRIVER[cuda].on(windows) if cuda in OWN_DRIVER else None
    return own or family_driver(cuda, windows)


def show(version: Version) -> str:
    """ "3.11" of (3, 11); the last part of a Linux driver's three has two digits: 560.28.03."""
    return ".".join(f"{part:02d}" if place == 2 else str(part) for place, part in enumerate(version))
