from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array
from chainrule.metrics._shapes import pair

Average = Literal["macro", "micro", "weighted", "binary"]
AVERAGES = ("macro", "micro", "weighted", "binary")


def labels(name: str, what: str, value: Array) -> Array:
    """Integer labels, (n,), or the 0 and 1 of several answers a row, (n, k)."""
    if value.ndim not in (1, 2):
        raise ShapeError(f"{name}: {what} has shape {value.shape}; expected labels, (n,) or (n, k)")
    if value.dtype.kind not in "biu":
        raise InputError(f"{name}: {what} holds {value.dtype}; expected integer labels. Try y.astype(int)")
    if value.ndim == 2 and ((value < 0) | (value > 1)).any():
        raise InputError(f"{name}: several answers a row are 0 or 1 each; {what} goes to {value.max()}")
    return value


def counts(name: str, truth: Array, predicted: Array) -> tuple[Array, Array, Array]:
    """Rows in which a class is both predicted and true; predicted; true.  (k,) each.

    The classes are those that occur or are predicted; of several answers a row, each answer's yes.
    """
    truth, predicted = pair(name, truth, predicted)
    truth, predicted = labels(name, "the truth", truth), labels(name, "the prediction", predicted)
    if truth.ndim == 2:
        is_yes, said_yes = truth != 0, predicted != 0
        return (is_yes & said_yes).sum(axis=0), said_yes.sum(axis=0), is_yes.sum(axis=0)
    classes, place = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    is_class, said = place[: len(truth)], place[len(truth) :]
    k = len(classes)
    hits = np.bincount(said[said == is_class], minlength=k)
    return hits, np.bincount(said, minlength=k), np.bincount(is_class, minlength=k)


def averaged(
    name: str,
    average: Average,
    truth: Array,
    predicted: Array,
    quotient: Callable[[Array, Array, Array], tuple[Array, Array]],
) -> float:
    """The ``quotient`` of ``counts`` for each class, 0 where it divides by 0, in one number."""
    found = counts(name, truth, predicted)
    if average == "binary":
        found = _of_yes(name, np.asarray(truth), np.asarray(predicted))
    elif average == "micro":
        found = (found[0].sum(keepdims=True), found[1].sum(keepdims=True), found[2].sum(keepdims=True))
    above, below = quotient(*found)
    each = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    if average != "weighted":
        return float(each.mean())
    weights = found[2]
    return float(each @ weights / weights.sum()) if weights.any() else 0.0


def _of_yes(name: str, truth: Array, predicted: Array) -> tuple[Array, Array, Array]:
    most, least = max(truth.max(), predicted.max()), min(truth.min(), predicted.min())
    if truth.ndim == 2 or most > 1 or least < 0:
        what = "several answers a row" if truth.ndim == 2 else f"labels from {least} to {most}"
        raise InputError(f"{name}: average=binary takes one label a row, 0 or 1; not {what}. Try average=macro")
    return counts(name, truth[:, None], predicted[:, None])
