from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._shapes import pair
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("r2")
@dataclass(frozen=True)
class R2(Metric):
    """R^2 = 1 - sum (y - y^)^2 / sum (y - mean y)^2, averaged over outputs; 1 is perfect, 0 is the mean.

    An output whose truth is constant counts 1 where it is predicted exactly, else 0, as in scikit-learn.
    """

    task = "values"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = pair(self.name, truth, predicted)
        y = truth.reshape(len(truth), -1).astype(float)
        error = np.square(y - predicted.reshape(y.shape)).sum(axis=0)
        spread = np.square(y - y.mean(axis=0)).sum(axis=0)
        varied = y.max(axis=0) > y.min(axis=0)  # spread of a constant can be rounding of its mean
        score = np.where(error == 0, 1.0, 0.0)
        score[varied] = 1 - error[varied] / spread[varied]
        return float(score.mean())
