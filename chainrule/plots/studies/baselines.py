"""Accuracy by the number of training images, a line for each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.plots.base import COLORS, figure, label, picture, powers


@picture
def baselines(lines: Mapping[str, Sequence[tuple[int, float, float]]], steps: int) -> Any:
    """For each network (images, mean, spread over seeds): errors on a scale of powers of ten, bars for spreads."""
    made = figure(6.4, 4.2)
    ax = made.subplots()
    for i, (name, points) in enumerate(lines.items()):
        rows, mean, spread = np.array(points, float).T
        ax.errorbar(
            rows, 100 * (1 - mean), yerr=100 * spread, fmt="osD"[i % 3] + "-", color=COLORS[i % 8], capsize=3,
            markersize=5, label=label(name, 40),
        )  # fmt: skip
    powers(ax.xaxis)
    ax.set_yscale("log")
    ticks = [t for t in (1, 2, 3, 5, 10, 20, 30, 50) if ax.get_ylim()[0] <= t <= ax.get_ylim()[1]]
    ax.set_yticks(ticks, [f"{t} %" for t in ticks])
    ax.minorticks_off()
    ax.grid()
    ax.set(
        xlabel="training images", ylabel="test images wrong", title=f"MNIST, {steps:,} steps each: hidden layers"
    )
    ax.legend()
    return made
