from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._shapes import mean, values
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("absolute_error")
@dataclass(frozen=True)
class AbsoluteError(Metric):
    """mean |y - y^| over rows and outputs, in the target's unit; from 0, smaller is better.

    A median makes it least, as a mean does the squared error: outliers weigh less here.
    """

    task = "values"
    better = "lower"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = values(self.name, truth, predicted)
        with np.errstate(over="ignore", invalid="ignore"):
            return mean(np.abs(truth - predicted))
