"""The learning rate and the norm of the gradient over a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, by_epoch, figure, numbers, picture, powers, thinned, wide

MOST_DOTS = 25
MOST_POINTS = 2000  # of a curve; more are not to be seen


@picture
def rates(rows: Sequence[Mapping[str, Any]], planned: Sequence[float] | Array = ()) -> Any:
    """A panel of the learning rate, and one of the gradient's norm where the ``rows`` of a history have it.

    ``planned`` is the rate of every step of these epochs, as the schedule says: the line. The dots are what was
    recorded at the end of each epoch, so that one holds the other.
    """
    epochs = numbers([row.get("epoch") for row in rows])
    norms = numbers([row.get("gradient_norm") for row in rows])
    most = numbers([row.get("gradient_norm_max") for row in rows])
    has_norms = bool(np.isfinite(norms).any())
    made = figure(9.6 if has_norms else 4.8, 3.2)
    axes = made.subplots(1, 1 + has_norms, squeeze=False)[0]
    if len(planned):
        kept = thinned(len(planned), MOST_POINTS)
        line = numbers(np.asarray(planned)[kept])
        axes[0].plot((kept + 1) * (epochs[-1] / len(planned)), line, color=COLORS[0], label="by the schedule")
    recorded = numbers([row.get("learning_rate") for row in rows])
    some = thinned(len(rows), MOST_DOTS)  # more would hide the line
    axes[0].plot(epochs[some], recorded[some], "o", markersize=4, color=COLORS[1], label="at the end of an epoch")
    axes[0].set(title="learning rate", xlabel="epoch")
    axes[0].legend()
    if has_norms:
        axes[1].plot(epochs, norms, ".-", color=COLORS[2], label="mean of the epoch's steps")
        axes[1].plot(epochs, most, ".:", color=COLORS[2], label="largest")
        axes[1].set(title="norm of the gradient", xlabel="epoch")
        axes[1].legend()
        if wide(np.concatenate([norms, most])):
            powers(axes[1].yaxis)
    for ax in axes:
        ax.grid(visible=True)
        by_epoch(ax, len(rows))
    return made
