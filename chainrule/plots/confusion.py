"""The confusion matrix: which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, picture, rgb

MOST_WRITTEN = 20  # classes up to which each cell says its count
MOST_NAMED = 40  # classes up to which each has its name


@picture
def confusion(counts: Array, names: Sequence[object]) -> Any:
    """counts: (k, k), row i are the rows of class i, column j those predicted as j.

    The fuller the color, the larger the share of its row, by its square root: else what is rare, and of interest,
    would not be seen. A class without rows is empty.
    """
    k = len(names)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    made = figure(5.0, 4.8)
    ax = made.subplots()
    color = np.broadcast_to(rgb(COLORS[0]), (k, k, 3))
    ax.imshow(np.concatenate([color, np.sqrt(share)[..., None]], axis=2), interpolation="nearest")
    size = min(8.0, 90 / k)
    if k <= MOST_WRITTEN:
        for i, j in np.argwhere(counts):
            white = {"color": "#ffffff"} if share[i, j] > 0.36 else {}
            ax.text(j, i, _count(counts[i, j]), ha="center", va="center", fontsize=size, **white)
    every = range(k) if k <= MOST_NAMED else range(0, k, -(-k // 20))
    small = min(9.0, 180 / len(every))
    short = [label(names[i], 16) for i in every]
    turned = {"rotation": 60, "ha": "right"} if max(map(len, short)) > 3 else {}
    ax.set_xticks(list(every), short, fontsize=small, rotation_mode="anchor", **turned)
    ax.set_yticks(list(every), short, fontsize=small)
    ax.spines[:].set_visible(True)
    ax.set(xlabel="predicted", ylabel="truth")
    return made


def _count(number: int) -> str:
    """A count in at most five letters: 980, 12.3k, 4.5M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if unit == 'k' else size):.3g}{unit}"
    return str(number)
