"""The lines of a perceptron while it learns, and the point at which it ends or keeps turning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, picture

LOW, HIGH = -0.6, 1.6  # of both coordinates


@picture
def perceptron(points: Array, panels: Mapping[str, tuple[Array, Array, bool]]) -> Any:
    """A panel for each problem: its answers, (n,), the weights after each update, (t, 3), and whether it learned.

    The later a line, the darker. Where it learned, the last one is thick and the side of yes is shaded.
    """
    made = figure(3.1 * len(panels) + 0.2, 3.8)
    for ax, (name, (answers, weights, learned)) in zip(
        made.subplots(1, len(panels), squeeze=False).ravel(), panels.items(), strict=True
    ):
        side = np.linspace(LOW, HIGH, 201)
        x1, x2 = np.meshgrid(side, side)
        for i, (w1, w2, b) in enumerate(weights):
            if w1 or w2:
                last = learned and i == len(weights) - 1
                ax.contour(
                    x1, x2, w1 * x1 + w2 * x2 + b, levels=[0], colors=COLORS[0], linewidths=2.4 if last else 1.0,
                    alpha=1.0 if last else 0.15 + 0.5 * i / len(weights),
                )  # fmt: skip
        if learned:
            w1, w2, b = weights[-1]
            ax.contourf(x1, x2, w1 * x1 + w2 * x2 + b > 0, levels=[0.5, 1.5], colors=COLORS[0], alpha=0.12)
        for answer, marker, color in ((0, "o", COLORS[1]), (1, "s", COLORS[0])):
            ax.plot(*points[answers == answer].T, marker, color=color, markersize=9, label=("no", "yes")[answer])
        outcome = f"{len(weights) - 1} updates" if learned else "goes round for ever"
        ax.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), aspect="equal", xlabel="x1", title=f"{label(name)}: {outcome}")
        ax.set(xticks=(0, 1), yticks=(0, 1))
    made.axes[0].set_ylabel("x2")
    made.axes[0].legend(loc="upper left", ncols=2)
    return made
