"""Weights given, instead of drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.settings import show
from chainrule.core.types import Array


def load(own: Mapping[str, Array], given: Mapping[str, Any]) -> None:
    """Write what is ``given`` into the arrays of the same names.

    All of them, or nothing: every name, every shape, finite numbers. Values are rounded to the arrays' dtype.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"weights are a dictionary, name to array, as network.state_dict(); not {show(given)}")
    missing, extra = [n for n in own if n not in given], [str(n) for n in given if n not in own]
    if missing or extra:
        said = [
            f"{word} {', '.join(names[:5])}" for word, names in (("missing", missing), ("unknown", extra)) if names
        ]
        raise InputError(f"these are not the weights of this network: {'; '.join(said)}")
    checked: dict[str, Array] = {}
    for name, there in own.items():
        array = checks.numeric(name, given[name])
        if array.shape != there.shape:
            turned = " It looks transposed: try its .T" if array.shape == there.shape[::-1] else ""
            raise ShapeError(f"{name} has shape {array.shape}; this network's is {there.shape}.{turned}")
        with np.errstate(over="ignore"):
            checked[name] = array.astype(there.dtype)
        checks.finite(name, checked[name])
    for name, array in checked.items():
        own[name][...] = array
