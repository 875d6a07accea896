"""The results of a sweep: each run a line across its settings (parallel coordinates, Inselberg 1985)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture, rgb, wide

Row = Mapping[str, Any]
MOST_TICKS = 8
CLOSE = 0.045  # of the height


@picture
def sweep(rows: Sequence[Row], result: str, higher_is_better: bool = True) -> Any:
    """A row a run: its settings, numbers or texts, and its ``result``. The best run is the thick line.

    Numbers that span a wide range, all above 0, are spaced by their powers of ten. The better a run, the bluer;
    one without a finite result, as after a divergence, is gray and dotted.
    """
    settings = [name for name in dict.fromkeys(key for row in rows for key in row) if name != result]
    columns = [*settings, result]
    made = figure(max(1.5 * len(columns) + 1.0, 4.8), 3.8)
    ax = made.subplots()
    scales = [_scale([row.get(name) for row in rows]) for name in columns]
    heights = np.array([places for places, _ in scales]).T  # (runs, columns)
    values = numbers([row.get(result) for row in rows])
    finite = np.isfinite(values)
    rank = np.full(len(rows), -1.0)
    goodness = values if higher_is_better else -values
    rank[finite] = np.argsort(np.argsort(goodness[finite], kind="stable")) / max(finite.sum() - 1, 1)
    for i in np.argsort(rank, kind="stable"):
        best = rank[i] >= 0 and rank[i] == rank.max()
        color = _between(rank[i]) if finite[i] else COLORS[6]
        ax.plot(range(len(columns)), heights[i], "-" if finite[i] else ":", color=color,
                linewidth=3 if best else 1.1, alpha=1 if best else 0.7)  # fmt: skip
    for j, (_, ticks) in enumerate(scales):
        ax.axvline(j, linewidth=0.8, color=COLORS[6])
        for place, text in ticks:
            ax.annotate(text, (j, place), (4, 0), textcoords="offset points", va="center", fontsize=7)
    ax.set_xticks(range(len(columns)), [label(name, 22) for name in columns], fontsize=8)
    ax.set(yticks=[], xlim=(-0.1, len(columns) - 0.6), ylim=(-0.06, 1.06))
    ax.spines[:].set_visible(False)
    ax.set_title(
        f"{len(rows)} runs; thick: the best" + ("" if finite.all() else f"; dotted: {(~finite).sum()} failed")
    )
    return made


def _scale(values: list[Any]) -> tuple[Array, list[tuple[float, str]]]:
    """Where each value stands from 0 to 1, and the ticks; what is missing stands at the bottom."""
    numeric = all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in values)
    if not numeric:
        names = sorted({str(v) for v in values})
        at = {name: 0.5 if len(names) == 1 else i / (len(names) - 1) for i, name in enumerate(names)}
        every = -(-len(names) // MOST_TICKS)
        return np.array([at[str(v)] for v in values]), [(at[n], label(n, 14)) for n in names[::every]]
    x = numbers(values)
    known = np.unique(x[np.isfinite(x)])
    if len(known) == 0:
        return np.zeros(len(x)), []
    turn = np.log10 if wide(known) else lambda v: v / max(np.abs(known).max(), 1e-300)
    low, high = float(turn(known[0])), float(turn(known[-1]))
    place = (turn(x) - low) / (high - low) if high > low else np.where(np.isfinite(x), 0.5, np.nan)
    ticks = known if len(known) <= MOST_TICKS else known[np.linspace(0, len(known) - 1, MOST_TICKS).astype(int)]
    heights = [(float((turn(v) - low) / (high - low)) if high > low else 0.5, f"{v:.4g}") for v in ticks]
    apart = heights[-1:]
    for height, text in heights[:-1]:  # ticks too close to be read are left out, but never the last or the first
        if all(abs(height - other) > CLOSE for other, _ in apart):
            apart.append((height, text))
    return np.nan_to_num(place, nan=0.0), apart


def _between(share: float) -> tuple[float, ...]:
    """From orange, the worst, to blue, the best."""
    worst, best = np.array(rgb(COLORS[1])), np.array(rgb(COLORS[0]))
    return tuple(worst + share * (best - worst))
