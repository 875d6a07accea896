"""Weights of rows: given one by one, by class, or so that every class counts alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.core.settings import nearest, number, show
from chainrule.core.types import Array, DType
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.targets.classes import Classes

ClassWeight = Mapping[Any, float] | Literal["balanced"]


def sample_weights(given: Any, n: int, dtype: DType) -> Array:
    """A weight a row, (n, 1): finite, none negative, not all 0."""
    weight = checks.numeric("sample_weight", given)
    if weight.shape not in ((n,), (n, 1)):
        raise ShapeError(f"sample_weight has shape {weight.shape}; expected a number for each of {n} rows, ({n},)")
    checks.finite("sample_weight", weight)
    weight = weight.reshape(n, 1)
    if (weight < 0).any():
        row = int(np.argmax(weight[:, 0] < 0))
        raise InputError(f"sample_weight is {weight[row, 0]:g} at row {row}; a weight is 0 or more")
    if not weight.any():
        raise InputError("sample_weight is 0 in every row: there is nothing to learn from")
    with np.errstate(over="ignore"):
        weight = np.ascontiguousarray(weight, dtype)
    checks.finite(f"sample_weight, as {dtype.name},", weight)
    return weight


def class_weights(
    network: Network, loss: Loss, target: Array, given: ClassWeight, sample_weight: Array | None = None
) -> Array:
    """The weight of each class, (k,), from ``given``: "balanced", or a dictionary by id or by name.

    "balanced" is scikit-learn's: w_c = n / (k n_c), k the classes that have rows, n and n_c sums of sample
    weights where there are any. A class that a dictionary doesn't name has weight 1.
    """
    labels = _labels(loss, target)
    k = max(2, network.d_out)
    if isinstance(given, str):
        if given != "balanced":
            raise SettingError(f'class_weight is "balanced" or a dictionary, not {show(given)}')
        rows = None if sample_weight is None else sample_weight[:, 0].astype(float)
        counts = np.bincount(labels, rows, minlength=k)
        there = counts > 0
        balanced: Array = np.divide(counts.sum(), there.sum() * counts, out=np.ones(k), where=there)
        return balanced
    return named_weights(network, given)


def named_weights(network: Network, given: Mapping[Any, float]) -> Array:
    """The weight of each class, (k,), from a dictionary by id or by name; 1 where it names none."""
    k = max(2, network.d_out)
    if not isinstance(given, Mapping):
        raise SettingError(f'class_weight is "balanced" or a dictionary, as {{0: 1, 1: 5}}; not {show(given)}')
    found = np.ones(k)
    named: dict[int, Any] = {}
    for key, weight in given.items():
        place = _place(network, key, k)
        if place in named:
            raise SettingError(f"class_weight names one class twice: {show(named[place])} and {show(key)}")
        named[place] = key
        number(f"class_weight: the weight of {show(key)}", weight, least=0)
        found[place] = weight
    return found


def row_weights(
    loss: Loss, target: Array, dtype: DType, sample_weight: Array | None, by_class: Array | None
) -> Array | None:
    """The weights of prepared rows, (n, 1): by row, by class, or their product."""
    if by_class is None:
        return sample_weight
    rows = by_class[_labels(loss, target)].astype(dtype)[:, None]
    return rows if sample_weight is None else rows * sample_weight


def _labels(loss: Loss, target: Array) -> Array:
    """The class of each row, (n,); an error where rows have none, or several."""
    if loss.task != "classes":
        raise SettingError(f"class_weight is for classes, and {loss.name} is for values; use sample_weight")
    if target.ndim == 2 and not ((target == 0) | (target == 1)).all():
        raise SettingError("class_weight needs one class a row; the target holds probabilities. Use sample_weight")
    labels = np.asarray(loss.labels(target))
    if labels.ndim != 1:
        raise SettingError(
            "class_weight needs one class a row; the target has several answers a row. Use sample_weight"
        )
    return labels


def _place(network: Network, key: Any, k: int) -> int:
    """The id of a class that is called by its id or its name."""
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        if not 0 <= key < k:
            raise SettingError(f"class_weight names class {key}; with {k} classes they go from 0 to {k - 1}")
        return int(key)
    target = network.target
    if isinstance(key, str) and isinstance(target, Classes):
        if not target.knows(key):
            raise SettingError(f"class_weight names {show(key)}, which is no class.{nearest(key, target.names)}")
        return int(target.encode([key])[0])
    raise SettingError(f"class_weight names a class by its id, from 0 to {k - 1}; not {show(key)}")


def parse_class_weight(text: str) -> ClassWeight:
    """``"balanced"``, or ``"cat=1,dog=5"`` by the classes' names: the notation of the command line."""
    if text.strip() == "balanced":
        return "balanced"
    found: dict[str, float] = {}
    for item in text.split(","):
        name, equals, weight = (part.strip() for part in item.rpartition("="))
        try:
            value = float(weight)
        except ValueError:
            value = float("nan")
        if not equals or not name or not np.isfinite(value):
            raise SettingError(f'a class weight is "balanced" or NAME=NUMBER,NAME=NUMBER; not {show(text)}')
        if name in found:
            raise SettingError(f"class_weight names {show(name)} twice")
        found[name] = value
    return found
