"""Modules one after the other: their sizes, whether they fit together, how they start, how errors call them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.settings import several
from chainrule.core.types import Array
from chainrule.initializers import Initializer
from chainrule.layers._same_width import SameWidth
from chainrule.layers.base import Layer, Module, Views, make


def label(index: int, layer: Layer) -> str:
    """How errors call a layer: ``Dense 2 (W is (10, 128))``."""
    shapes = [f" ({letter} is {shape})" for letter, shape in layer.shapes().items()]
    return f"{type(layer).__name__} {index}{shapes[0] if shapes else ''}"


def build(specs: Any, width: int | None = None) -> tuple[Module, ...]:
    """The modules, their open sizes filled in; ``width`` is that of the features, where it is known.

    A layer takes the width of what comes before. One that keeps the width, at the beginning of a network whose
    width nobody has said, takes that of the layer after it.
    """
    specs = several("modules", specs, '["dense:d_in=4,d_out=2"]')
    modules: list[Module] = []
    waiting: list[int] = []
    for i, spec in enumerate(specs):
        module = make(spec, width)
        if isinstance(module, SameWidth) and module.d is None:
            if width is None:
                waiting.append(i)
                modules.append(module)
                continue
            module = module.sized(width)
        if isinstance(module, Layer):
            for j in waiting:
                modules[j] = modules[j].sized(module.d_in)  # type: ignore[union-attr]
            waiting = []
            width = module.d_out
        modules.append(module)
    for j in waiting:
        raise SettingError(f"{modules[j].name} needs a width: set d, or put it beside a layer that has one")
    return tuple(modules)


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
    for i, layer in layers:
        if i and layer.takes_codes:
            raise SettingError(f"{label(i, layer)} takes codes of categories, so it must stand first")
    return layers[0][1].d_in, layers[-1][1].d_out


def check_width(modules: Sequence[Module], d_in: int, x: Array) -> None:
    """Refuse features of another width than the first layer's."""
    if x.shape[1] == d_in:
        return
    i, first = next((i, module) for i, module in enumerate(modules) if isinstance(module, Layer))
    hint = " It looks transposed: try X.T" if len(x) == d_in else " Is it the data this network is for?"
    raise ShapeError(f"{label(i, first)} takes {d_in} features; X has {x.shape[1]}: shape {x.shape}.{hint}")


def check_batch_size(modules: Sequence[Module], rows: int) -> None:
    """Refuse to train on batches of so few rows where a layer needs more."""
    for i, module in enumerate(modules):
        if isinstance(module, Layer) and rows < module.least_rows:
            raise SettingError(
                f"{label(i, module)} trains on batches of at least {module.least_rows} rows, for their variance; "
                f"batch_size is {rows}. Try a larger one, or layer_norm, which takes each row by itself"
            )


def start(
    modules: Sequence[Module],
    parts: Sequence[Views],
    told: Initializer | None,
    rng: np.random.Generator,
    after: str = "xavier",
) -> None:
    """Initial values of all modules, by ``told`` or by what suits the activation that follows each layer.

    ``parts`` are the parameters and buffers of each; ``after`` suits what follows the last one.
    """
    for i, module in enumerate(modules):
        if isinstance(module, Layer):
            module.start(parts[i], told, _suited(modules[i + 1 :], after), rng)


def _suited(following: Sequence[Module], after: str) -> str:
    """The initializer before these modules: that of the first one that decides, an activation or another layer."""
    return next((module.initializer for module in following if module.initializer is not None), after)
