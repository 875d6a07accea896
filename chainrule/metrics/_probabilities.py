from __future__ import annotations

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array
from chainrule.metrics._counts import labels

SUM = 1e-3  # by which a row's probabilities may miss 1: float16 does by so much


def scores(name: str, truth: Array, predicted: Array) -> tuple[Array, Array]:
    """Labels (n,) and finite scores (n, k), k at least 2; or (n, k) both, of several answers a row.

    What comes as one number a row is the probability of yes, and gets the column of no before it.
    """
    checks.unmasked(f"{name}: the truth", truth)
    truth = labels(name, "the truth", checks.rectangular(f"{name}: the truth", truth))
    predicted = checks.numeric(f"{name}: the prediction", predicted)
    if not truth.size:
        raise InputError(f"{name} of no rows is not defined")
    if predicted.dtype.kind != "f":
        predicted = predicted.astype(float)
    several = truth.ndim == 2
    one = not several and predicted.shape == truth.shape
    wide = predicted.ndim == 2 and len(predicted) == len(truth) and predicted.shape[1] > 1
    if not (predicted.shape == truth.shape if several else one or wide):
        raise ShapeError(
            f"{name}: the truth has shape {truth.shape}, the probabilities {predicted.shape}; expected "
            + (f"{truth.shape}" if several else f"({len(truth)}, classes), or ({len(truth)},) of yes")
        )
    checks.finite(f"{name}: the prediction", predicted)
    if one:
        predicted = _no_and_yes(predicted)
    k = 2 if several else predicted.shape[1]
    if truth.max() >= k or truth.min() < 0:
        raise InputError(
            f"{name}: labels of {k} classes go from 0 to {k - 1}; the truth from {truth.min()} to {truth.max()}"
        )
    return truth, predicted


def _no_and_yes(p: Array) -> Array:
    """1 - p and p. float16 has too few digits for 1 - p, and becomes float32."""
    wide = p.astype(np.float32) if p.dtype.itemsize == 2 else p
    return np.column_stack([1 - wide, wide])


def probabilities(name: str, truth: Array, predicted: Array) -> tuple[Array, Array]:
    """Labels (m,) and probabilities (m, k) that sum to 1; each of several answers becomes a row of no and yes."""
    truth, p = scores(name, truth, predicted)
    if p.min() < 0 or p.max() > 1:
        raise InputError(
            f"{name} takes probabilities; these go from {p.min():g} to {p.max():g}. Try predict_proba"
        )
    if truth.ndim == 2:
        return truth.reshape(-1), _no_and_yes(p.reshape(-1))
    total = p.sum(axis=1, dtype=float)
    row = int(np.abs(total - 1).argmax())
    if abs(total[row] - 1) > SUM:
        raise InputError(f"{name}: the probabilities of row {row} sum to {total[row]:g}; expected 1")
    return truth, p


def each(name: str, truth: Array, predicted: Array) -> list[tuple[Array, Array]]:
    """Yes or no, (n,) of bool, and its score, (n,): of class 1 of two, of every class of more, of every answer."""
    truth, z = scores(name, truth, predicted)
    if truth.ndim == 2:
        return [(truth[:, j] != 0, z[:, j]) for j in range(z.shape[1])]
    classes = [1] if z.shape[1] == 2 else range(z.shape[1])
    return [(truth == j, z[:, j]) for j in classes]
