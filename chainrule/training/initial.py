"""Weights given, instead of drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.settings import show
from chainrule.core.types import Array
from chainrule.network import Network


def load_weights(network: Network, state: Mapping[str, Any]) -> None:
    """Write parameters and buffers by their names in ``network.state_dict()``, which are PyTorch's.

    All of them, or nothing: every name, every shape, finite numbers. Values are rounded to the network's dtype.
    """
    if not isinstance(state, Mapping):
        raise InputError(
            f"weights come as a dictionary, name to array, as network.state_dict(); not {show(state)}"
        )
    own = network.state_dict()
    missing, extra = [n for n in own if n not in state], [str(n) for n in state if n not in own]
    if missing or extra:
        said = [
            f"{word} {', '.join(names[:5])}" for word, names in (("missing", missing), ("unknown", extra)) if names
        ]
        raise InputError(f"these are not the weights of this network: {'; '.join(said)}")
    checked: dict[str, Array] = {}
    for name, there in own.items():
        array = checks.numeric(name, state[name])
        if array.shape != there.shape:
            turned = " It looks transposed: try its .T" if array.shape == there.shape[::-1] else ""
            raise ShapeError(f"{name} has shape {array.shape}; this network's is {there.shape}.{turned}")
        with np.errstate(over="ignore"):
            checked[name] = array.astype(there.dtype)
        checks.finite(name, checked[name])
    for name, array in checked.items():
        own[name][...] = array
