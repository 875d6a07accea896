"""What pictures share: matplotlib asked for when it is needed, one look, and files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from chainrule.core.errors import FileError, MissingExtraError
from chainrule.core.files import write_whole

# Told apart by people who see red and green alike (Okabe & Ito 2008)
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
STYLES = ("-", "--", ":", "-.")
ENDINGS = ("png", "svg", "pdf")


def ready(path: Path) -> None:
    """Complain about a file's name or folder, or a missing matplotlib, before the work for a picture is done."""
    _ending(path)
    if not path.parent.is_dir():
        raise FileError(f"cannot write {path}: there is no folder {path.parent}")
    figure()


def figure(width: float = 8.0, height: float = 5.0) -> Any:
    """An empty figure, inches wide and high, on no screen."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError(
            "pictures need matplotlib; install it with: pip install 'chainrule[plot]'"
        ) from None
    made = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(made)
    return made


def save(made: Any, path: Path) -> None:
    """Write the picture in the format that the file's ending names; the file appears whole or not at all."""
    buffer = io.BytesIO()
    made.savefig(buffer, format=_ending(path))
    write_whole(path, buffer.getvalue())


def _ending(path: Path) -> str:
    ending = path.suffix.lower().lstrip(".")
    if ending not in ENDINGS:
        raise FileError(f"a picture's file ends in {', '.join('.' + e for e in ENDINGS)}; came {path.name!r:.60}")
    return ending
