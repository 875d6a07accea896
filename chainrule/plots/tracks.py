"""What happened to many things over the steps of a training: small multiples, one line a thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture, powers, thinned, wide

MOST_POINTS = 400  # of a line
MOST_LINES = 8  # in a panel
COLUMNS = 3
Track = tuple[Sequence[float] | Array, Sequence[float | None] | Array]  # steps, values


@picture
def tracks(panels: Mapping[str, Mapping[str, Track]], xlabel: str = "step", shares: Collection[str] = ()) -> Any:
    """A panel for each group of lines, all with one legend; a line has one color in every panel.

    Values that span a wide range are on a scale of powers of ten, those of the panels ``shares`` on one from 0 to
    1. What isn't finite is left out, and a dotted line stands where it began.
    """
    columns = min(len(panels), COLUMNS)
    rows = -(-len(panels) // columns)
    made = figure(max(3.1 * columns, 4.6) + 0.6 * (columns == 1), 2.5 * rows + 0.6)
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    axes = made.subplots(rows, columns, squeeze=False, sharex=False).ravel()
    drawn: dict[str, Any] = {}
    for ax, (title, lines) in zip(axes, panels.items(), strict=False):
        for name in _few(list(lines)):
            drawn.setdefault(name, _line(ax, lines[name], names.index(name)))
        if title in shares:
            ax.set_ylim(-0.03, 1.03)
        else:
            _scale(ax, [numbers(values) for _, values in lines.values()])
        ax.set_title(label(title, 60))
        ax.set_xlabel(xlabel)
        ax.grid(visible=True)
    for ax in axes[len(panels) :]:
        ax.remove()
    if len(names) > 1:
        shown = [name for name in names if name in drawn]
        made.legend(
            [drawn[name] for name in shown],
            [label(name, 44) for name in shown],
            loc="outside lower center",
            ncols=1 if max(map(len, shown)) > 24 else min(len(shown), 2 * columns),
        )
    return made


def _few(names: list[str]) -> list[str]:
    """At most so many, evenly chosen, the first and the last among them."""
    return [names[i] for i in thinned(len(names), MOST_LINES)]


def _line(ax: Any, track: Track, place: int) -> Any:
    steps, values = numbers(track[0]), numbers(track[1])
    kept = thinned(len(steps), MOST_POINTS)
    dots = "." if len(kept) == 1 else None
    color = COLORS[place % len(COLORS)]
    (line,) = ax.plot(
        steps[kept], values[kept], "--" if place >= len(COLORS) else "-", marker=dots, color=color, linewidth=1.3
    )
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        ax.axvline(steps[broken[0]], color=color, linestyle=":", linewidth=1)
    return line


def _scale(ax: Any, found: Sequence[Array]) -> None:
    together = np.concatenate(found) if found else np.empty(0)
    known = together[np.isfinite(together)]
    above = known[known > 0]
    if len(known) and known.min() >= 0 and wide(above):  # zeros have no place on it, and are left out
        powers(ax.yaxis)
    elif len(known) and known.max() - known.min() <= 1e-9 * max(1.0, abs(float(known.max()))):
        ax.set_ylim(known.min() - 0.5, known.max() + 0.5)  # else a constant fills the panel with its rounding
