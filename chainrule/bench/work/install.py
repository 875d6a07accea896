from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import chainrule
from chainrule.bench.tables import Table
from chainrule.bench.work.base import WORK, Session, Work

SELF = "chainrule"
BESIDE = {"scikit_learn": "scikit-learn", "pytorch": "torch", "jax_scan": "jax", "onnx_runtime": "onnxruntime"}


@WORK.register("install")
@dataclass(frozen=True)
class Install(Work):
    """Megabytes of an installation with all it requires, by the installed distributions' own lists of files."""

    title = "Install"

    def run(self, session: Session) -> list[dict[str, Any]]:
        session.progress("install: sizes")
        wanted = [SELF, *(package for name, package in BESIDE.items() if name in session.peers)]
        return [_installation(package) for package in wanted]

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        rows = [
            [
                f"pip install {row['name']}",
                f"{row['megabytes']:,.1f}",
                str(len(row["parts"])),
                _largest(row["parts"]),
            ]
            for row in found
        ]
        head = ["installation", "MB", "distributions", "the largest, MB"]
        return [Table("Installed size, megabytes (10^6 bytes), without extras", head, rows)]


def _installation(package: str) -> dict[str, Any]:
    parts: dict[str, float] = {}
    _collect(package, parts)
    return {"name": package, "megabytes": sum(parts.values()), "parts": parts}


def _collect(package: str, parts: dict[str, float]) -> None:
    """Adds the package and what it requires, if it is installed: markers for other systems name what is not."""
    name = re.sub(r"[-_.]+", "-", package).lower()
    if name in parts:
        return
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return
    parts[name] = 1e-6 * (_own_size() if name == SELF else _size(distribution))
    for requirement in distribution.requires or ():
        if not re.search(r";.*\bextra\b", requirement):
            _collect(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0], parts)


def _size(distribution: metadata.Distribution) -> int:
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _own_size() -> int:
    """Of an editable install the list of files names none of the package; its folder has them."""
    folder = Path(chainrule.__file__).parent
    return sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )


def _largest(parts: dict[str, float]) -> str:
    first = sorted(parts.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name} {size:.1f}" for name, size in first)
