"""How far signals reach in a deep network, forward and back, and how deep it trains, by its first weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, STYLES, figure, label, picture, powers

FLOOR, CEILING = 1e-12, 1e12  # what lies beyond has vanished or exploded; how far says nothing more


@picture
def initialization(
    depth: int,
    panels: Mapping[str, Sequence[tuple[str, Array, Array]]],
    accuracies: Mapping[str, Mapping[str, Sequence[float]]],
    depths: Sequence[int],
) -> Any:
    """A column for each activation: the spread of a and of dL/da by layer, and the test accuracy by depth."""
    made = figure(3.3 * len(panels) + 0.4, 8.0)
    axes = made.subplots(3, len(panels), squeeze=False, sharey="row")
    for column, (activation, lines) in zip(axes.T, panels.items(), strict=True):
        for i, (scheme, values, gradients) in enumerate(lines):
            style = {"color": COLORS[i % 8], "linestyle": STYLES[i % 4], "label": label(scheme)}
            layers = np.arange(1, len(values) + 1)
            column[0].plot(layers, _shown(values), **style)
            column[1].plot(layers, _shown(gradients / (gradients[-1] or np.nan)), **style)
            column[2].plot(
                depths, 100 * np.array(accuracies[activation][scheme]), marker="o", markersize=3, **style
            )
        column[0].set(title=label(activation), ylim=(FLOOR / 3, CEILING * 3))
        column[1].set(xlabel="hidden layer", ylim=(FLOOR / 3, CEILING * 3))
        column[2].set(xlabel="hidden layers", ylim=(0, 100))
        for ax in column[:2]:
            powers(ax.yaxis)
        powers(column[2].xaxis)
        column[2].set_xticks(depths, list(map(str, depths)))
    axes[0, 0].set_ylabel(f"spread of a, {depth} layers deep")
    axes[1, 0].set_ylabel("spread of dL/da, over the last layer's")
    axes[2, 0].set_ylabel("test accuracy after training, %")
    axes[2, 0].legend(loc="upper right")
    return made


def _shown(values: Array) -> Array:
    return np.clip(np.where(values > 0, values, np.nan), FLOOR, CEILING)
