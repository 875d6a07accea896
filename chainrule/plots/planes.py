"""A sweep over up to four settings as tables of colors: two settings within each table, two between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture, wide
from chainrule.plots.plane import _colored, _text, _values

MOST_WRITTEN = 6  # columns of a table up to which its cells say their numbers


@picture
def planes(
    rows: Sequence[Mapping[str, Any]], settings: Sequence[str], result: str, higher_is_better: bool = True
) -> Any:
    """``settings`` are those across and down within a table, then those across and down between tables.

    One scale of color holds for all: the fuller, the better. Rows that share a cell are averaged; a cross is a
    cell without a finite result.
    """
    values = [_values(rows, name) for name in settings] + [[None]] * (4 - len(settings))
    x, y, across, down = (*settings, "", "")[:4]
    mean, failed = _averaged(rows, settings, values, result)  # (down, across, h, w)
    known = np.log10(mean) if wide(mean, 10.0) else mean  # 3 and 6 % of errors differ as 30 and 60 do
    goodness = known if higher_is_better else -known
    rows_of, columns_of, h, w = mean.shape
    color = _colored(goodness.reshape(-1, w)).reshape(*mean.shape, 4)
    best = np.unravel_index(np.nanargmax(goodness), mean.shape) if np.isfinite(mean).any() else None
    made = figure(min(0.62 * w * columns_of + 1.2, 14.0), min(0.42 * h * rows_of + 1.2, 14.0))
    axes = made.subplots(rows_of, columns_of, squeeze=False, sharex=True, sharey=True)
    for i, j in np.ndindex(axes.shape):
        _table(axes[i, j], color[i, j], mean[i, j], failed[i, j])
        if best is not None and (i, j) == best[:2]:
            axes[i, j].add_patch(_frame(int(best[3]), int(best[2])))
        if across and i == 0:
            axes[i, j].set_title(f"{label(across, 18)} {_text(values[2][j])}", fontsize=9)
        axes[i, j].label_outer()
    for i in range(rows_of):
        axes[i, 0].set_yticks(range(h), [_text(v) for v in values[1]], fontsize=7)
        outer = f"{label(down, 14)} {_text(values[3][i])}\n" if down else ""
        axes[i, 0].set_ylabel(outer + label(y), fontsize=8)
    for ax in axes[-1]:
        ax.set_xticks(range(w), [_text(v) for v in values[0]], fontsize=7)
        ax.set_xlabel(label(x), fontsize=8)
    made.suptitle(f"{label(result, 40)}; framed: the best", x=0.01, ha="left")
    return made


def _averaged(
    rows: Sequence[Mapping[str, Any]], settings: Sequence[str], values: Sequence[list[Any]], result: str
) -> tuple[Array, Array]:
    """The mean of each cell, NaN without any, and where all there is failed."""
    shape = tuple(len(found) for found in reversed(values))
    total, count, failed = (np.zeros(shape) for _ in range(3))
    for row, value in zip(rows, numbers([row.get(result) for row in rows]), strict=True):
        at = [values[k].index(row.get(name)) for k, name in enumerate(settings)]
        place = tuple(reversed(at + [0] * (4 - len(at))))
        if np.isfinite(value):
            total[place] += value
            count[place] += 1
        else:
            failed[place] += 1
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean, (failed > 0) & (count == 0)


def _table(ax: Any, color: Any, mean: Any, failed: Any) -> None:
    ax.imshow(color, aspect="auto", interpolation="nearest", origin="lower")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if mean.shape[1] <= MOST_WRITTEN:
        for i, j in np.argwhere(np.isfinite(mean)):
            ax.text(j, i, f"{mean[i, j]:.3g}", ha="center", va="center", fontsize=7)
    for i, j in np.argwhere(failed):
        ax.plot(j, i, "x", color=COLORS[1], markersize=5)


def _frame(x: int, y: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, fill=False, edgecolor=COLORS[1], linewidth=1.8)
