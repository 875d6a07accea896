"""Activation functions with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, figure, label, numbers, picture


@picture
def activations(functions: Mapping[str, tuple[Array, Array, Array]]) -> Any:
    """A panel for each: name -> z, a = f(z) and da/dz, (n,) each. The derivative is dashed."""
    across = min(len(functions), 4)
    down = -(-len(functions) // across)
    made = figure(2.4 * across + (2.0 if across == 1 else 0.0), 2.1 * down + (1.2 if down == 1 else 0.4))
    axes = made.subplots(down, across, squeeze=False).ravel()
    for ax, (name, (z, a, da)) in zip(axes, functions.items(), strict=False):
        ax.plot(z, numbers(a), color=COLORS[0], label="f(z)")
        ax.plot(z, numbers(da), "--", color=COLORS[1], label="f '(z)")
        ax.set_title(label(name))
        ax.grid(visible=True)
    for ax in axes[len(functions) :]:
        ax.remove()
    made.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return made
