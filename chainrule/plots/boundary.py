"""What a network decides in every place of a plane, with the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, picture, rgb, thinned

MOST_POINTS = 2000
MOST_NAMED = 10  # classes in the legend
MARKERS = "osD^vP*X"


@picture
def boundary(
    X: Array, y: Array, p: Array, extent: tuple[float, float, float, float], names: Sequence[object],
    axes: tuple[object, object] = ("x1", "x2"), title: str = "",
) -> Any:  # fmt: skip
    """Points X, (n, 2), of the classes ``y``, (n,), over the classes' probabilities ``p``, (rows, columns, k).

    ``extent`` is left, right, bottom, top; row 0 of ``p`` is the bottom. Where the network is sure of a class its
    color is full, where it can't decide there is none.
    """
    made = figure(5.0, 4.4)
    ax = made.subplots()
    k = p.shape[2]
    decided, sure = p.argmax(axis=2), (p.max(axis=2) - 1 / k) / (1 - 1 / k)
    palette = np.array([rgb(color) for color in COLORS])
    image = np.concatenate([palette[decided % len(COLORS)], 0.5 * sure[..., None]], axis=2)
    ax.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="nearest")
    kept = thinned(len(X), MOST_POINTS)
    for i, name in enumerate(names):
        mine = kept[y[kept] == i]
        if len(mine):
            text = label(name) if i < MOST_NAMED else None
            ax.scatter(*X[mine].T, s=14, c=COLORS[i % 8], marker=MARKERS[i // 8 % 8], edgecolors="white",
                       linewidths=0.4, label=text)  # fmt: skip
    more = f"the first {MOST_NAMED} of {len(names)} classes are named" if len(names) > MOST_NAMED else ""
    heading = ": ".join(part for part in (label(title, 40), more) if part)
    ax.set(xlabel=label(axes[0]), ylabel=label(axes[1]), title=heading)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    made.legend(loc="outside lower center", ncols=4)
    return made
