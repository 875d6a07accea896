"""Cost against size on scales of powers of ten: a power law is a straight line, and its slope the power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.plots.base import COLORS, STYLES, figure, label, picture


@dataclass(frozen=True)
class Growth:
    """Costs at sizes, and the slope of the straight line through their logarithms."""

    label: str
    sizes: Sequence[float]
    costs: Sequence[float]
    slope: float


@picture
def scaling(panels: Mapping[str, Sequence[Growth]], title: str, cost: str) -> Any:
    """A panel for each thing that grows."""
    made = figure(4.2 * min(len(panels), 2) + 0.6, 3.4 * ((len(panels) + 1) // 2) + 0.4)
    made.suptitle(label(title, 80))
    axes = made.subplots((len(panels) + 1) // 2, min(len(panels), 2), squeeze=False).ravel()
    for ax, (name, lines) in zip(axes, panels.items(), strict=False):
        for i, line in enumerate(lines):
            text = f"{label(line.label)}, slope {line.slope:.2f}"
            ax.plot(
                line.sizes, line.costs, STYLES[i % 4], color=COLORS[i % 8], marker="o", markersize=3, label=text
            )
        ax.set(xlabel=label(name), ylabel=cost, xscale="log", yscale="log")
        ax.grid(visible=True, alpha=0.3)
        if lines:
            ax.margins(y=0.35)  # room above the lines
            ax.legend(frameon=False, fontsize="small")
    for ax in axes[len(panels) :]:
        ax.remove()
    return made
