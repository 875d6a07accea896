"""The weights into the units of a first layer: as images, or as a table of colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.errors import ShapeError
from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, picture, rgb

MOST_NAMED = 30  # features with their names beneath


@picture
def weights(W: Array, shape: tuple[int, int] | None = None, most: int = 64, names: Sequence[object] = ()) -> Any:
    """W: (d_out, d_in), a row a unit, those of the largest norm first, ``most`` of them, on one scale for all.

    With the ``shape`` of the input as an image each unit is one; without it a row of a table, with the features'
    ``names``. Blue is above 0, orange below; the fuller the color, the larger, by the power 0.7, so that small
    ones are seen. Raises ShapeError where the shape doesn't hold d_in numbers.
    """
    top = float(np.abs(W).max()) or 1.0
    order = np.argsort(-np.linalg.norm(W / top, axis=1), kind="stable")[:most]  # the squares of W may overflow
    shown = W[order]
    if shape is not None and shape[0] * shape[1] != W.shape[1]:
        raise ShapeError(
            f"an image of {shape[0]} x {shape[1]} has {shape[0] * shape[1]} pixels; W has {W.shape[1]}"
        )
    named = 0 < len(names) <= MOST_NAMED
    if shape is None:
        made = figure(5.0, min(1.2 + 0.16 * len(shown) + 1.4 * named, 7.0))
        ax = made.subplots()
        ax.imshow(_colored(shown / top), aspect="auto", interpolation="nearest")
        ax.set_yticks(range(len(order)) if len(order) <= 20 else [])
        ax.set_yticklabels(map(str, order) if len(order) <= 20 else [])
        if named:
            ax.set_xticks(range(len(names)), [label(name, 20) for name in names], rotation=60, ha="right")
        else:
            ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(ylabel="unit", xlabel="" if named else "feature")
    else:
        across = int(np.ceil(np.sqrt(len(shown) * shape[0] / shape[1])))
        montage, lines = _montage(shown / top, shape, across)
        made = figure(5.0, min(max(5.0 * montage.shape[0] / montage.shape[1], 1.0) + 0.4, 9.0))
        ax = made.subplots()
        ax.imshow(_colored(montage), interpolation="nearest")
        for edge in lines[0]:
            ax.axhline(edge, color="#808890", linewidth=0.6)
        for edge in lines[1]:
            ax.axvline(edge, color="#808890", linewidth=0.6)
        ax.axis("off")
    ax.set_title(f"{len(shown)} of {len(W)} units; full color is {top:.3g}")
    return made


def _colored(share: Array) -> Array:
    """(h, w) in [-1, 1] -> (h, w, 4): the color says the sign, its opacity the size."""
    above, below = rgb(COLORS[0]), rgb(COLORS[1])
    share = np.nan_to_num(share)
    color = np.where(share[..., None] >= 0, above, below)
    return np.concatenate([color, np.abs(share)[..., None] ** 0.7], axis=2)


def _montage(rows: Array, shape: tuple[int, int], across: int) -> tuple[Array, tuple[list[float], list[float]]]:
    """Images side by side, a pixel apart, and where the lines between them are: rows, columns."""
    height, width = shape
    down = -(-len(rows) // across)
    out = np.zeros((down * (height + 1) - 1, across * (width + 1) - 1))
    for i, row in enumerate(rows):
        y, x = i // across * (height + 1), i % across * (width + 1)
        out[y : y + height, x : x + width] = row.reshape(shape)
    return out, (
        [i * (height + 1) - 1.0 for i in range(1, down)],
        [i * (width + 1) - 1.0 for i in range(1, across)],
    )
