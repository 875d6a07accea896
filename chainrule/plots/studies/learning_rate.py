"""Loss and curvature by the step, a line for each learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.plots.base import COLORS, figure, label, numbers, picture, powers

ROOM = 1e4  # the loss is drawn up to so many times the first


@picture
def learning_rate(problems: Sequence[Mapping[str, Any]]) -> Any:
    """A row for each problem: the losses, and the curvatures on the way. Dotted: a constant answer's loss.

    The dashed line in a rate's color is 2 / rate: above it descent along the steepest direction is unstable.
    """
    made = figure(8.4, 3.1 * len(problems) + 0.2)
    for row, problem in zip(made.subplots(len(problems), 2, squeeze=False), problems, strict=True):
        _losses(row[0], problem)
        _curvatures(row[1], problem)
    return made


def _losses(ax: Any, problem: Mapping[str, Any]) -> None:
    constant = problem["constant"]
    first = max(line["losses"][0] for line in problem["lines"])
    top, low = ROOM * max(constant, first), constant
    for i, line in enumerate(problem["lines"]):
        color = COLORS[i % len(COLORS)]
        at, losses = np.array(line["at"]), numbers(line["losses"])
        failed = line["diverged"] is not None
        ax.plot(
            at,
            np.minimum(losses, 1e3 * top),
            color=color,
            linewidth=1.3,
            label=f"{line['rate']:g}{' diverges' if failed else ''}",
        )
        low = min(low, float(np.nanmin(losses)))
    ax.axhline(constant, color=COLORS[6], linewidth=0.8, linestyle=":")
    powers(ax.xaxis)
    powers(ax.yaxis)
    ax.set(title=label(f"{problem['title']}: loss", 60), xlabel="step", ylabel="loss", ylim=(low / 3, top))
    ax.legend(title="rate", ncols=2)


def _curvatures(ax: Any, problem: Mapping[str, Any]) -> None:
    drawn = [line for line in problem["lines"] if len(line["curvatures"]) > 1]
    for line in drawn:
        color = COLORS[list(problem["lines"]).index(line) % len(COLORS)]
        shown = [(at + 1, c) for at, c in zip(line["curvature_at"], line["curvatures"], strict=True) if c > 0]
        if line["diverged"] is not None:
            shown = shown[:1]
        ax.plot(*zip(*shown, strict=True), "o-", color=color, linewidth=1.3, markersize=3)
        ax.axhline(2 / line["rate"], color=color, linewidth=0.8, linestyle="--")
    powers(ax.xaxis)
    powers(ax.yaxis)
    ax.set(title="largest curvature; dashed: 2 / rate", xlabel="steps done + 1", ylabel="eigenvalue")
