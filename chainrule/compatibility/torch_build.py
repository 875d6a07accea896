"""The installed PyTorch, read from its files. Importing it takes seconds, and a bad build may crash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

LOCAL = {"cpu": "cpu", "rocm": "rocm", "xpu": "xpu"}  # what the part of the version after the + begins with


@dataclass(frozen=True)
class TorchBuild:
    """``kind`` is cuda, cpu, rocm, xpu or unknown; ``cuda`` the version it was built for.

    ``own`` says whether its version is one that PyTorch's own wheels bear; those of others have other kernels.
    """

    version: str
    kind: str
    cuda: str | None = None
    own: bool = True


def installed() -> TorchBuild | None:
    """The PyTorch that ``import torch`` would find, None if pip knows of none."""
    try:
        found = metadata.distribution("torch")
        version = next(iter(found.metadata.get_all("Version") or ()), "")
        path = Path(str(found.locate_file("torch/version.py")))
    except (metadata.PackageNotFoundError, OSError, KeyError, ValueError, TypeError):
        return None  # the last three: what is left of a broken installation
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return read(version, text)


def read(version: str, text: str) -> TorchBuild:
    """From the version in the metadata and the text of torch/version.py, which may be empty.

    The wheel of the package index is called 2.13.0 alone; its version.py says ``cuda = '13.0'``.
    """
    version = _value(text, "__version__") or version or "of unknown version"
    local = version.partition("+")[2]
    tag = re.match(r"cu([0-9]{2,3})([0-9])(?![0-9])", local)
    cuda = _value(text, "cuda") or (f"{tag[1]}.{tag[2]}" if tag else None)
    own = bool(re.fullmatch(r"2\.[0-9]{1,4}\.[0-9]{1,4}(\+(cpu|cu[0-9]{3}))?", version))
    if cuda is not None and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){1,2}", cuda):
        return TorchBuild(version, "cuda", ".".join(cuda.split(".")[:2]), own)
    if _value(text, "hip"):  # newer ones have a line of rocm besides
        return TorchBuild(version, "rocm", own=own)
    if _value(text, "xpu"):
        return TorchBuild(version, "xpu", own=own)
    for beginning, kind in LOCAL.items():
        if local.startswith(beginning):
            return TorchBuild(version, kind, own=own)
    # version.py without a line of cuda is none that we know how to read
    return TorchBuild(version, "cpu" if re.search(r"^cuda\b", text, re.MULTILINE) else "unknown", own=own)


def _value(text: str, name: str) -> str | None:
    """The text assigned to a name, None for None or if there is no such line."""
    found = re.search(rf"^{name}\b[^=\n]*=\s*(['\"])([^'\"\n]{{1,60}})\1", text, re.MULTILINE)
    return found[2] if found else None
