"""Times on the same work: a panel for each work, a bar for each who did it, the floor as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.plots.base import COLORS, figure, label, picture


@dataclass(frozen=True)
class Bar:
    """A time with its spread, 10th to 90th percentile; ``ours`` has a color of its own."""

    label: str
    median: float
    low: float
    high: float
    ours: bool = False


@picture
def benchmark(panels: Mapping[str, tuple[Sequence[Bar], float | None]], title: str) -> Any:
    """``panels``: a work's name, its bars, and the floor to draw as a line (None for no line). Times in µs."""
    columns = min(len(panels), 2)
    rows = (len(panels) + columns - 1) // columns
    most = max((len(bars) for bars, _ in panels.values()), default=1)
    made = figure(4.6 * columns + 0.6, rows * (0.24 * most + 0.9) + 0.5)
    made.suptitle(label(title, 80))
    axes = made.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, (bars, floor)) in zip(axes, panels.items(), strict=False):
        for at, bar in enumerate(bars):
            color = COLORS[1] if bar.ours else COLORS[0]
            reach = [[max(0.0, bar.median - bar.low)], [max(0.0, bar.high - bar.median)]]
            ax.barh(at, bar.median, color=color, xerr=reach, error_kw={"ecolor": "0.5", "capsize": 2})
        ax.set_yticks(range(len(bars)), [label(bar.label) for bar in bars], fontsize="small")
        ax.invert_yaxis()
        ax.set_xlabel("µs", fontsize="small")
        ax.set_title(label(name, 40))
        ax.tick_params(axis="x", labelsize="small")
        if floor is not None:
            ax.axvline(floor, color=COLORS[6], linestyle="--", linewidth=1)
    for ax in axes[len(panels) :]:
        ax.remove()
    return made
