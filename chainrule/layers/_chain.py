"""Whether modules fit together, and how errors call them."""

from __future__ import annotations

from itertools import pairwise

from chainrule.core.errors import SettingError, ShapeError
from chainrule.layers.base import Layer, Module


def label(index: int, layer: Layer) -> str:
    """How errors call a layer: ``Dense 2 (W is (10, 128))``."""
    letter, shape = next(iter(layer.shapes().items()))
    return f"{type(layer).__name__} {index} ({letter} is {shape})"


def check_chain(modules: tuple[Module, ...]) -> tuple[int, int]:
    """The network's d_in and d_out; ShapeError where one layer doesn't take what the one before gives."""
    layers = [(i, module) for i, module in enumerate(modules) if isinstance(module, Layer)]
    if not layers:
        raise SettingError("a network needs at least one layer, such as Dense(2, 1)")
    for (i, before), (j, after) in pairwise(layers):
        if before.d_out != after.d_in:
            swapped = " Are its sizes swapped?" if before.d_out == after.d_out else ""
            raise ShapeError(
                f"{label(j, after)} takes {after.d_in} features, but {label(i, before)} gives {before.d_out}."
                f"{swapped} Make the two sizes equal"
            )
    return layers[0][1].d_in, layers[-1][1].d_out
