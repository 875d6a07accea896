"""What pictures share: matplotlib asked for when it is needed, one look for light and dark, safe labels, files."""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.errors import FileError, MissingExtraError
from chainrule.core.files import write_whole
from chainrule.core.text import one_line
from chainrule.core.types import Array

# Told apart by people who see red and green alike (the first four: Okabe & Ito 2008), and each of a contrast of at
# least 3 with white and with DARK's paper: one picture does for both.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F6BD1", "#B58900", "#808890", "#C0504D")
STYLES = ("-", "--", ":", "-.")
ENDINGS = ("png", "svg", "pdf")
LIGHT = {"ink": "#1b1f24", "paper": "#ffffff"}
DARK = {"ink": "#e6e8ea", "paper": "#15181c"}


def ready(path: Path | None = None) -> None:
    """Complain about a file's name or folder, or a missing matplotlib, before the work for a picture is done."""
    if path is not None:
        _ending(path)
        if not path.parent.is_dir():
            raise FileError(f"cannot write {path}: there is no folder {path.parent}")
    _matplotlib()


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise MissingExtraError(
            "pictures need matplotlib; install it with: pip install 'chainrule[plot]'"
        ) from None
    return matplotlib


@contextmanager
def look(dark: bool = False) -> Iterator[None]:
    """matplotlib's defaults, whatever the user's own are, with our ink and paper."""
    matplotlib = _matplotlib()
    ink, paper = (DARK if dark else LIGHT).values()
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color",
             "grid.color", "legend.labelcolor")  # fmt: skip
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(dict.fromkeys(inked, ink))
        matplotlib.rcParams.update({
            "figure.facecolor": paper, "axes.facecolor": paper, "savefig.facecolor": "auto",
            "font.size": 9, "axes.titlesize": 10, "figure.titlesize": 11, "axes.titlelocation": "left",
            "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.alpha": 0.18,
            "legend.frameon": False, "legend.fontsize": 8, "svg.fonttype": "none", "svg.hashsalt": "chainrule",
        })  # fmt: skip
        yield


def picture(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function that returns a figure draw in our look; it then takes ``dark=True`` as well."""

    @functools.wraps(draw)
    def drawn(*inputs: Any, dark: bool = False, **settings: Any) -> Any:
        with look(dark):
            made = draw(*inputs, **settings)
            for ax in made.axes:  # ticks are made when a figure is written, and the look has gone by then
                ink = (DARK if dark else LIGHT)["ink"]
                ax.tick_params(which="both", colors=ink, labelcolor=ink)
        return made

    return drawn


def figure(width: float = 8.0, height: float = 5.0) -> Any:
    """An empty figure, inches wide and high, on no screen."""
    _matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(made)
    return made


def rgb(color: str) -> list[float]:
    """``"#0072B2"`` as three numbers in [0, 1]."""
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def label(text: object, most: int = 28) -> str:
    """Any name as one short line that matplotlib writes as it is: ``$`` would begin mathematics.

    What is too long loses its middle: names of runs and classes often differ at their ends.
    """
    line = one_line(text, most)
    return line.replace("$", r"\$")


def numbers(values: Sequence[float | None] | Array) -> Array:
    """As float64, with NaN for what is missing, infinite, or too large to be put on a scale."""
    found = np.array([np.nan if value is None else value for value in values], np.float64)
    found[~(np.abs(np.nan_to_num(found, nan=np.inf)) < 1e305)] = np.nan
    return found


def thinned(rows: int, most: int) -> Array:
    """At most ``most`` of the row numbers, evenly spread: the same ones each time."""
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.intp)


def powers(axis: Any) -> None:
    """An axis on a scale of powers of ten, its numbers written plainly (0.01, 1e-05)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(10, (1.0,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def by_epoch(ax: Any, epochs: int) -> None:
    """Whole numbers below, also where there is but one."""
    ax.xaxis.get_major_locator().set_params(integer=True)
    if epochs == 1:
        ax.set_xlim(0, 2)


def wide(values: Array, ratio: float = 30.0) -> bool:
    """Whether numbers want a scale of powers of ten: all above 0, and the largest many times the smallest."""
    known = values[np.isfinite(values)]
    return bool(len(known) and known.min() > 0 and known.max() / ratio > known.min())


def save(made: Any, path: Path) -> None:
    """Write the picture in the format that the file's ending names; the file appears whole or not at all."""
    write_whole(path, written(made, _ending(path)))


def written(made: Any, ending: str, **settings: Any) -> bytes:
    """The picture as the bytes of a file; the same picture gives the same bytes."""
    buffer = io.BytesIO()
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[ending]
    with look(), warnings.catch_warnings():
        # A name may hold letters that the font lacks; they show as boxes (in SVG as what the reader's fonts have).
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        made.savefig(buffer, format=ending, metadata=undated, **settings)
    return buffer.getvalue()


def _ending(path: Path) -> str:
    ending = path.suffix.lower().lstrip(".")
    if ending not in ENDINGS:
        raise FileError(f"a picture's file ends in {', '.join('.' + e for e in ENDINGS)}; came {path.name!r:.60}")
    return ending
