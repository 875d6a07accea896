from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._shapes import values
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("r2")
@dataclass(frozen=True)
class R2(Metric):
    """R^2 = 1 - sum (y - y^)^2 / sum (y - mean y)^2, averaged over outputs; 1 is perfect, 0 is the mean.

    An output whose truth is constant counts 1 where it is predicted exactly, else 0, as in scikit-learn.
    """

    task = "values"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = values(self.name, truth, predicted)
        y = truth.reshape(len(truth), -1)
        p = predicted.reshape(y.shape)
        with np.errstate(all="ignore"):
            scores = [_score(y[:, j], p[:, j]) for j in range(y.shape[1])]
        return float(np.mean(scores))


def _score(y: Array, p: Array) -> float:
    if not np.isfinite(y).all() or not np.isfinite(p).all():
        return float("nan")
    if y.max() == y.min():  # its spread can be rounding of its mean
        return 1.0 if (y == p).all() else 0.0
    found = _quotient(y, p)
    if np.isfinite(found):
        return found
    return _quotient(y / np.abs(y).max(), p / np.abs(y).max())  # the squares left the floats' range


def _quotient(y: Array, p: Array) -> float:
    return float(1 - np.square(y - p).sum() / np.square(y - y.mean()).sum())
