"""Which of PyTorch's wheels suits a machine, and the line that installs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.compatibility.facts import (
    DRIVERS_PAGE,
    RELEASES,
    WHEELS,
    Support,
    full_driver,
    kernels,
    release_of,
    runs_on,
    show,
    support,
)
from chainrule.compatibility.machine import Machine


@dataclass(frozen=True)
class Wheel:
    """A build of a release; ``version`` is whole: "2.13.0"."""

    version: str
    cuda: str

    def command(self, pinned: bool = True) -> str:
        """The line to run.

        Where another build is installed ``pip install torch`` finds torch there and does nothing, so that line
        names the build.
        """
        return _command(self.version if pinned else None, f"cu{self.cuda.replace('.', '')}")


def cpu_command(machine: Machine) -> str:
    """The line that installs the build for the CPU."""
    if machine.torch is None:
        return _command(None, "cpu")
    takes = [name for name, release in RELEASES.items() if release.oldest <= machine.python <= release.newest]
    same = release_of(machine.torch.version)
    return _command(_whole_version(machine, same if same in takes or not takes else takes[-1]), "cpu")


def _whole_version(machine: Machine, release: str) -> str:
    """The installed version of a release, or else its first."""
    version = machine.torch.version.partition("+")[0] if machine.torch is not None else ""
    return version if re.fullmatch(rf"{re.escape(release)}\.[0-9]{{1,4}}", version) else f"{release}.0"


def _command(version: str | None, build: str) -> str:
    torch = "torch" if version is None else f"torch=={version}+{build}"
    return f"pip install {torch} --index-url {WHEELS}/{build}"


def best(machine: Machine, any_driver: bool = False) -> Wheel | None:
    """The wheel for this Python, this driver and the most of these GPUs; None if none suits any of them."""
    ranked = list(_ranked(machine, any_driver))
    return max(ranked, key=lambda found: found[0])[1] if ranked else None


def _ranked(machine: Machine, any_driver: bool) -> Iterator[tuple[tuple[float, ...], Wheel]]:
    capabilities = [gpu.capability for gpu in machine.nvidia.gpus if gpu.capability is not None]
    driver = None if any_driver else machine.nvidia.driver
    for age, (name, release) in enumerate(RELEASES.items()):
        if not release.oldest <= machine.python <= release.newest:
            continue
        for cuda in release.builds:
            compiled = kernels(machine.architecture, cuda) or ()
            served = sum(runs_on(capability, compiled) for capability in capabilities)
            carried = Support.FULL if driver is None else support(driver, cuda, machine.windows_driver)
            if not compiled or not carried or (capabilities and not served):
                continue
            wheel = Wheel(_whole_version(machine, name), cuda)
            number = float(cuda)
            rank = (
                served,
                machine.torch is not None and release_of(machine.torch.version) == name,
                is_installed(wheel, machine),  # of two that are as good the one that is there
                cuda not in release.experimental,
                carried,
                age,
                number if carried is Support.FULL else -number,  # the nearer to what the driver was made for
            )
            yield rank, wheel


def is_installed(wheel: Wheel, machine: Machine) -> bool:
    """Whether it is the build that is there."""
    torch = machine.torch
    return (
        torch is not None
        and torch.own
        and torch.cuda == wheel.cuda
        and release_of(torch.version) == release_of(wheel.version)
    )


def advice(machine: Machine) -> str:
    """What to do where something does not fit."""
    wheel = best(machine)
    if wheel is not None and not is_installed(wheel, machine):
        return wheel.command()
    if wheel is not None:
        return _some_gpus(machine, wheel)
    newer = best(machine, any_driver=True)
    if newer is not None:
        least = full_driver(newer.cuda, machine.windows_driver)
        then = "" if is_installed(newer, machine) else f", then {newer.command()}"
        words = f"update the driver to {show(least) if least else 'the newest'} or newer ({DRIVERS_PAGE}){then}"
        return f"{words}; or, for the CPU: {cpu_command(machine)}"
    oldest, newest = (min(r.oldest for r in RELEASES.values()), max(r.newest for r in RELEASES.values()))
    if not oldest <= machine.python <= newest:
        return f"use Python {show(oldest)} to {show(newest)}"
    return cpu_command(machine)


def _some_gpus(machine: Machine, wheel: Wheel) -> str:
    compiled = kernels(machine.architecture, wheel.cuda) or ()
    places = [
        str(place)
        for place, gpu in enumerate(machine.nvidia.gpus)
        if gpu.capability is not None and runs_on(gpu.capability, compiled)
    ]
    return (
        "no build serves all of these GPUs; to keep to those that fit, set CUDA_DEVICE_ORDER=PCI_BUS_ID and "
        f"CUDA_VISIBLE_DEVICES={','.join(places)}"
    )
