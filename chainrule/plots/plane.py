"""The results of a sweep over two settings: a table of colors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture, rgb

MOST_WRITTEN = 12  # values of a setting up to which the cells say their numbers


@picture
def plane(rows: Sequence[Mapping[str, Any]], x: str, y: str, result: str, higher_is_better: bool = True) -> Any:
    """A column for each value of the setting ``x``, a row for each of ``y``; runs that share a cell are averaged.

    The fuller the color, the better. A cross is a cell whose runs have no finite result, an empty one has no runs.
    """
    across, down = (_values(rows, name) for name in (x, y))
    total, count, failed = (np.zeros((len(down), len(across))) for _ in range(3))
    for row, value in zip(rows, numbers([row.get(result) for row in rows]), strict=True):
        cell = down.index(row.get(y)), across.index(row.get(x))
        if np.isfinite(value):
            total[cell] += value
            count[cell] += 1
        else:
            failed[cell] += 1
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    made = figure(min(2.2 + 0.6 * len(across), 9.0), min(1.6 + 0.45 * len(down), 8.0))
    ax = made.subplots()
    ax.imshow(
        _colored(mean if higher_is_better else -mean), aspect="auto", interpolation="nearest", origin="lower"
    )
    if max(len(across), len(down)) <= MOST_WRITTEN:
        for i, j in np.argwhere(np.isfinite(mean)):
            ax.text(j, i, f"{mean[i, j]:.3g}", ha="center", va="center", fontsize=8)
    for i, j in np.argwhere((failed > 0) & (count == 0)):
        ax.plot(j, i, "x", color=COLORS[1])
    for axis, values in ((ax.xaxis, across), (ax.yaxis, down)):
        every = -(-len(values) // MOST_WRITTEN)
        axis.set_ticks(range(0, len(values), every), [_text(v) for v in values[::every]], fontsize=8)
    if max(len(_text(v)) for v in across) > 6:
        ax.tick_params(axis="x", rotation=60)
    ax.set(xlabel=label(x), ylabel=label(y), title=label(result, 40))
    return made


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """The different values, numbers by size and texts by the alphabet."""
    found = list(dict.fromkeys(row.get(name) for row in rows))
    numeric = all(isinstance(value, int | float) for value in found)
    return sorted(found, key=None if numeric else str)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else label(value, 14)


def _colored(goodness: Array) -> Array:
    """(h, w) -> (h, w, 4), the best opaque; half at most, so that numbers in ink can be read on it."""
    known = goodness[np.isfinite(goodness)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    span = high / 2 - low / 2  # halves, since the difference itself may overflow
    share = (goodness / 2 - low / 2) / span if span > 0 else np.where(np.isfinite(goodness), 1.0, np.nan)
    color = np.broadcast_to(rgb(COLORS[0]), (*goodness.shape, 3))
    return np.concatenate([color, np.nan_to_num(0.08 + 0.47 * share)[..., None]], axis=2)
