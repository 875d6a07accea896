"""How the numbers of each layer are spread, and how that changes over a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture

BANDS = ((1, 99), (5, 95), (25, 75))  # percentiles, outer to inner


@picture
def distributions(layers: Mapping[str, Mapping[float, Array]], time: str = "epoch", what: str = "weights") -> Any:
    """A panel a layer: name -> time -> its numbers then, of any shape. Bands hold 98, 90 and 50 % of them.

    The line is the median. What isn't finite is left out, and said.
    """
    across = min(len(layers), 2)
    down = -(-len(layers) // across)
    made = figure(2.5 * across + 0.4, 2.1 * down + 0.6)
    axes = made.subplots(down, across, squeeze=False).ravel()
    for ax, (name, moments) in zip(axes, layers.items(), strict=False):
        times = sorted(moments)
        flat = [numbers(np.ravel(moments[t])) for t in times]
        known = [values[np.isfinite(values)] for values in flat]
        levels = sorted({level for band in BANDS for level in band} | {50})
        rows = np.array([np.percentile(v, levels) if len(v) else [np.nan] * len(levels) for v in known])
        for low, high in BANDS:
            below, above = rows[:, levels.index(low)], rows[:, levels.index(high)]
            ax.fill_between(times, below, above, color=COLORS[0], alpha=0.25, linewidth=0,
                            label=f"{high - low} %")  # fmt: skip
        ax.plot(
            times, rows[:, levels.index(50)], ".-" if len(times) < 25 else "-", color=COLORS[1], label="median"
        )
        if len(times) == 1:  # a band of one moment has no width
            for low, high in BANDS:
                ends = rows[0, levels.index(low)], rows[0, levels.index(high)]
                ax.vlines(times, *ends, color=COLORS[0], alpha=0.4, linewidth=8)
        lost = sum(len(v) for v in flat) - sum(len(v) for v in known)
        ax.set_title(label(name, 24) + (f" ({lost:,} not finite)" if lost else ""))
        ax.set(xlabel=label(time))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(visible=True)
    for ax in axes[len(layers) :]:
        ax.remove()
    axes[0].set_ylabel(label(what))
    made.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return made
