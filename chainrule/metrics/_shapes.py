from __future__ import annotations

import numpy as np

from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array


def pair(name: str, truth: Array, predicted: Array) -> tuple[Array, Array]:
    """Both as arrays of one shape, not empty."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ShapeError(f"{name}: the truth has shape {truth.shape}, the predictions {predicted.shape}")
    if not truth.size:
        raise InputError(f"{name} of no rows is not defined")
    return truth, predicted
