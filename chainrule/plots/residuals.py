"""A regression's predictions against the truth, and what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture, thinned

MOST_POINTS = 3000
MOST_OUTPUTS = 6


@picture
def residuals(truth: Array, predicted: Array, names: Sequence[object]) -> Any:
    """truth, predicted: (n, k). A row of panels for each output: predicted by truth, residual by predicted.

    residual = truth - predicted, so that points above the line were predicted too low.
    """
    shown = min(len(names), MOST_OUTPUTS)
    made = figure(6.2, 2.9 * shown)
    axes = made.subplots(shown, 2, squeeze=False)
    kept = thinned(len(truth), MOST_POINTS)
    for (left, right), j in zip(axes, range(shown), strict=True):
        t, p = numbers(truth[kept, j]), numbers(predicted[kept, j])
        for ax, x, y in ((left, t, p), (right, p, t - p)):
            ax.plot(x, y, "o", markersize=3, alpha=0.5, markeredgewidth=0, color=COLORS[0])
            ax.grid(visible=True)
        ends = [np.nanmin([t, p]), np.nanmax([t, p])] if np.isfinite(t).any() and np.isfinite(p).any() else [0, 1]
        left.plot(ends, ends, "--", color=COLORS[1])
        right.axhline(0, linestyle="--", color=COLORS[1])
        left.set(title=label(names[j], 40), xlabel="truth", ylabel="predicted")
        right.set(title="residuals", xlabel="predicted", ylabel="truth - predicted")
    if len(names) > shown:
        made.suptitle(f"the first {shown} of {len(names)} outputs")
    return made
