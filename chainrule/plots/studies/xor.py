"""How many networks learn XOR, by activation, and what one that did answers over the plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, picture, rgb


@picture
def xor(shares: Mapping[str, Sequence[tuple[str, float, float, float]]], surface: Array, points: Array) -> Any:
    """``shares``: for each kind (activation, share, low, high); ``surface``: answers over [-0.5, 1.5]^2."""
    made = figure(8.6, 3.8)
    ax, plane = made.subplots(1, 2, width_ratios=(1.7, 1))
    names = [name for name, *_ in next(iter(shares.values()))]
    for i, (kind, rows) in enumerate(shares.items()):
        place = np.arange(len(rows)) + (i - (len(shares) - 1) / 2) * 0.16
        share, low, high = (100 * np.array(column) for column in list(zip(*rows, strict=True))[1:])
        ax.errorbar(
            place, share, yerr=(share - low, high - share), fmt="osD^"[i % 4], color=COLORS[i % 8], capsize=2.5,
            markersize=5, label=label(kind, 40),
        )  # fmt: skip
    ax.set_xticks(range(len(names)), [label(name) for name in names])
    ax.set(ylim=(0, 103), ylabel="all four rows right, % of the seeds", title="With 95 % intervals (Wilson)")
    ax.grid(axis="y")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    _surface(plane, surface, points)
    return made


def _surface(ax: Any, surface: Array, points: Array) -> None:
    yes = np.clip(surface, 0, 1)[..., None]
    color = yes * rgb(COLORS[0]) + (1 - yes) * rgb(COLORS[1])
    alpha = 0.65 * np.abs(2 * yes - 1)
    ax.imshow(np.concatenate([color, alpha], axis=2), extent=(-0.5, 1.5, -0.5, 1.5), origin="lower")
    ax.contour(np.linspace(-0.5, 1.5, len(surface)), np.linspace(-0.5, 1.5, len(surface)), surface, levels=[0.5],
               colors=COLORS[6])  # fmt: skip
    for point in points:
        ax.annotate(
            f"{int(point[0]) ^ int(point[1])}", point, ha="center", va="center", fontsize=13, weight="bold"
        )
    ax.set(xticks=(0, 1), yticks=(0, 1), xlabel="x1", ylabel="x2", title="One that learned: blue is yes")
