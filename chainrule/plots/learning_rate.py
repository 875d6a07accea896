"""The learning-rate range test: the loss of each step over its rate, and the rate to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.plots.base import COLORS, figure, numbers, picture, powers, wide


@picture
def learning_rate(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], suggestion: float
) -> Any:
    """A dot a step, the line of the smoothed loss, its least place, and the ``suggestion``."""
    made = figure(6.4, 3.8)
    ax = made.subplots()
    x, dots, line = numbers(rates), numbers(losses), numbers(smoothed)
    ax.plot(x, dots, ".", color=COLORS[6], markersize=3, label="loss of a step")
    ax.plot(x, line, color=COLORS[0], label="smoothed")
    least = int(np.nanargmin(line))
    ax.plot(x[least], line[least], "o", color=COLORS[0], label=f"least at {x[least]:.2g}")
    ax.axvline(suggestion, color=COLORS[1], linestyle="--", label=f"suggestion {suggestion:.2g}")
    powers(ax.xaxis)
    if wide(line):
        powers(ax.yaxis)
    else:  # a last step far above the others would press the curve flat
        low, high = float(np.nanmin(line)), float(np.nanmax(line))
        room = 0.15 * (high - low) or 1.0
        ax.set_ylim(low - room, high + room)
    ax.set(title="learning-rate range test", xlabel="learning rate", ylabel="loss")
    ax.grid(visible=True)
    ax.legend()
    return made
