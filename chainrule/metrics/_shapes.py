from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array


def pair(name: str, truth: Any, predicted: Any) -> tuple[Array, Array]:
    """Both as arrays of numbers, or both of texts; of one shape, not empty."""
    truth, predicted = _read(f"{name}: the truth", truth), _read(f"{name}: the prediction", predicted)
    if truth.shape != predicted.shape:
        raise ShapeError(f"{name}: the truth has shape {truth.shape}, the predictions {predicted.shape}")
    if not truth.size:
        raise InputError(f"{name} of no rows is not defined")
    if (truth.dtype.kind == "U") != (predicted.dtype.kind == "U"):
        raise InputError(f"{name}: one of truth and prediction is text, the other numbers; give both in one form")
    return truth, predicted


def _read(what: str, value: Any) -> Array:
    checks.unmasked(what, value)
    array = checks.rectangular(what, value)
    if array.dtype.kind == "O" and array.size and all(isinstance(text, str) for text in array.flat):
        array = array.astype(str)  # as pandas has its texts
    return array if array.dtype.kind == "U" else checks.numeric(what, array)


def values(name: str, truth: Any, predicted: Any) -> tuple[Array, Array]:
    """Both as float64 numbers of one shape, not empty."""
    truth, predicted = pair(name, truth, predicted)
    if truth.dtype.kind == "U":
        raise InputError(f"{name} is of numbers; truth and prediction are text. Convert both first")
    return truth.astype(float), predicted.astype(float)


def mean(terms: Array) -> float:
    """The mean, also where the sum alone would leave the floats' range; infinity where the mean does."""
    with np.errstate(all="ignore"):
        found = np.mean(terms)
        return float(found if np.isfinite(found) else np.sum(terms / terms.size))
