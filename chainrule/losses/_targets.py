"""A user's target, checked, in the forms that losses compare with."""

from __future__ import annotations

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array, DType
from chainrule.losses.base import same_shape

SUM = 1e-3  # by which probabilities may miss 1, as those do that were rounded to be written


def values(loss: str, target: Array, n: int, k: int, dtype: DType) -> Array:
    """Finite numbers, (n, k), of ``dtype``; with one output (n,) becomes a column: nothing to be mistaken."""
    target = checks.numeric("the target", target)
    if target.shape == (n,) and k == 1:
        target = target[:, None]
    checks.finite("the target", target)
    with np.errstate(over="ignore"):  # what doesn't fit the dtype is refused below
        target = np.ascontiguousarray(target, dtype=dtype)
    same_shape(loss, np.empty((n, k), bool), target)
    checks.finite(f"the target, as {dtype.name},", target)
    return target


def labels(target: Array, k: int) -> Array:
    """Class ids from 0 to k - 1, (n,)."""
    found = checks.integer_labels("the target", target)
    outside = np.flatnonzero((found < 0) | (found >= k))
    if len(outside):
        row = outside[0]
        raise InputError(
            f"label {found[row]} at row {row} is out of range: with {k} outputs labels go from 0 to {k - 1}. "
            "Renumber them (np.unique(y, return_inverse=True)) or change the last layer",
            guard="labels-range",
        )
    return found


def labels_or_shares(loss: str, target: Array, n: int, k: int, dtype: DType) -> Array:
    """Class ids, (n,), or probabilities, (n, k); one-hot rows become ids, which say the same and are cheaper."""
    target = checks.numeric("the target", target)
    if target.shape == (n, k):
        shared = shares(target, dtype)
        one_hot = ((shared == 0) | (shared == 1)).all()
        return np.asarray(shared.argmax(axis=1)) if one_hot else shared
    if target.shape != (n,):
        raise ShapeError(
            f"{loss} takes labels of shape ({n},) or probabilities of shape ({n}, {k}); the target "
            f"has shape {target.shape}" + (". Try y.ravel()" if target.shape == (n, 1) else ""),
            guard="loss-shape",
        )
    return labels(target, k)


def shares(target: Array, dtype: DType) -> Array:
    """Probabilities of each row, (n, k), none negative, that sum to 1."""
    checks.finite("the target", target)
    with np.errstate(over="ignore"):
        sums = target.sum(axis=1)
    bad = np.flatnonzero((target < 0).any(axis=1) | (np.abs(sums - 1) > SUM))
    if len(bad):
        raise InputError(
            f"row {bad[0]} of the target sums to {sums[bad[0]]:g}; expected probabilities, none "
            "negative, that sum to 1. For several classes at once use binary_cross_entropy"
        )
    return np.ascontiguousarray(target, dtype=dtype)


def only_labels(loss: str, target: Array) -> Array:
    """Refuse probabilities where a loss is defined for one right class alone."""
    if target.ndim != 1:
        raise InputError(
            f"{loss} takes labels, or one-hot rows of 0 and 1; these are probabilities. cross_entropy takes those"
        )
    return target


def answers(loss: str, target: Array, n: int, k: int, dtype: DType, instead: str) -> Array:
    """Probabilities of yes, (n, k), in [0, 1]; ``instead`` is the loss for more than two classes."""
    target = checks.numeric("the target", target)
    if target.shape == (n,) and k == 1:
        target = target[:, None]  # one answer a row and one output: nothing to be mistaken
    same_shape(loss, np.empty((n, k), bool), target)
    checks.finite("the target", target)
    outside = np.argwhere((target < 0) | (target > 1))
    if len(outside):
        row, column = outside[0]
        raise InputError(
            f"the target is {target[row, column]:g} at row {row}, column {column}; {loss} "
            f"takes 0, 1 or probabilities between. For more than two classes use {instead}",
            guard="labels-range",
        )
    return np.ascontiguousarray(target, dtype=dtype)


def above(loss: str, target: Array, zero: bool) -> Array:
    """Refuse what is negative, and 0 unless ``zero``."""
    wrong = np.argwhere(target < 0 if zero else target <= 0)
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"the target is {target[row, column]:g} at row {row}, column {column}; {loss} takes numbers "
            + ("from 0 on, such as counts" if zero else "above 0, such as amounts; poisson takes 0 as well")
        )
    return target
