"""The reliability diagram: how often is right what is said with a confidence of p?"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, picture


@picture
def calibration(confidence: Array, right: Array, bins: int = 15) -> Any:
    """confidence: (n,), the probability of the class decided for; right: (n,), whether it was the true one.

    Bars: the share that is right of each bin of confidence, ((b - 1) / bins, b / bins]; on the diagonal it is what
    was said. Below, the rows of each bin. ECE = sum_b (n_b / n) |accuracy_b - confidence_b|: Guo et al. 2017.
    """
    place = np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")
    n = np.bincount(place, minlength=bins)
    hits = np.bincount(place, right, minlength=bins)
    said = np.bincount(place, confidence, minlength=bins)
    error = np.abs(hits - said).sum() / max(len(confidence), 1)
    filled = np.flatnonzero(n)
    made = figure(4.8, 4.4)
    top, below = made.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    middle = (np.arange(bins) + 0.5) / bins
    top.bar(middle[filled], hits[filled] / n[filled], 0.92 / bins, color=COLORS[0], alpha=0.75)
    top.plot(said[filled] / n[filled], hits[filled] / n[filled], "o", markersize=4, color=COLORS[1],
             label="mean confidence of the bin")  # fmt: skip
    top.plot([0, 1], [0, 1], ":", color=COLORS[6], label="right as often as said")
    top.set(ylabel="share right", ylim=(0, 1.02), xlim=(0, 1), title=f"expected calibration error {error:.4f}")
    top.legend(loc="upper left")
    below.bar(middle[filled], n[filled], 0.92 / bins, color=COLORS[0], alpha=0.75)
    below.set(xlabel="confidence", ylabel="rows")
    if len(filled) and n[filled].max() > 30 * n[filled].min():
        below.set_yscale("symlog", linthresh=1)
        below.set_yticks([0] + [10**i for i in range(1 + int(np.log10(n.max())))])
        below.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        below.yaxis.set_minor_locator(_none())
    for i in filled:
        below.annotate(f"{n[i]:,}", (middle[i], n[i]), (0, 1), textcoords="offset points", ha="center", fontsize=6)
    for ax in (top, below):
        ax.grid(visible=True, axis="y")
    below.margins(y=0.25)
    return made


def _none() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()
