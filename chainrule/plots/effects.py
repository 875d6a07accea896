"""What each setting of a sweep does to the result: a panel a setting, a dot a point of the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.plots.base import COLORS, figure, label, numbers, picture, powers, wide

MOST_VALUES = 8  # of a list that are put side by side; more are taken for a range
MOST_POWERS = 1e250  # on a scale of powers of ten the margin above a larger number would be infinite


@picture
def effects(
    rows: Sequence[Mapping[str, Any]], settings: Sequence[str], result: str, higher_is_better: bool = True
) -> Any:
    """A row a point: its settings and ``result``, None where there is none, as after a divergence.

    The line joins the best point of each value, the dashed one their medians. What has no finite result stands as
    a cross on the side of the worst.
    """
    across = min(len(settings), 2)
    down = -(-len(settings) // across)
    made = figure(4.0 * across + 0.6, 3.0 * down + 0.3)
    panels = made.subplots(down, across, squeeze=False, sharey=True)
    y = numbers([row.get(result) for row in rows])
    for ax, name in zip(panels.ravel(), settings, strict=False):
        _panel(ax, [row.get(name) for row in rows], y, higher_is_better)
        ax.set(xlabel=label(name))
        ax.grid(visible=True)
    for ax in panels.ravel()[len(settings) :]:
        ax.remove()
    if wide(y, 10.0) and np.nanmax(y) < MOST_POWERS:
        powers(panels[0, 0].yaxis)
    for ax in panels[:, 0]:
        ax.set_ylabel(label(result, 40))
    for ax in panels[0]:
        if ax.get_legend_handles_labels()[0]:  # a range has no lines, and so nothing to explain
            ax.legend()
            break
    return made


def _panel(ax: Any, values: list[Any], y: Any, higher: bool) -> None:
    different = list(dict.fromkeys(values))
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in different)
    if numeric:
        different = sorted(different)
    finite = np.isfinite(y)
    if numeric and len(different) > MOST_VALUES:
        x = numbers(values)
        ax.plot(x[finite], y[finite], ".", color=COLORS[0], alpha=0.6, markersize=5)
        if wide(x):
            powers(ax.xaxis)
    else:
        at = np.array([different.index(v) for v in values], float)
        spread = np.random.default_rng(0).uniform(-0.16, 0.16, len(at))  # so that equal dots don't hide each other
        x = at + spread
        ax.plot(x[finite], y[finite], ".", color=COLORS[6], alpha=0.6, markersize=4)
        groups = [y[finite & (at == i)] for i in range(len(different))]
        best, middle = (
            [f(group) if len(group) else np.nan for group in groups]
            for f in (np.max if higher else np.min, np.median)
        )
        ax.plot(range(len(different)), best, "-o", color=COLORS[0], markersize=4, label="best")
        ax.plot(range(len(different)), middle, "--s", color=COLORS[1], markersize=3, label="median")
        ax.set_xticks(range(len(different)), [f"{v:g}" if numeric else label(v, 14) for v in different])
    if not finite.all() and finite.any():
        edge = y[finite].min() if higher else y[finite].max()
        ax.plot(x[~finite], np.full((~finite).sum(), edge), "x", color=COLORS[1], markersize=4, label="no result")
