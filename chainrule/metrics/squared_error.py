from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._shapes import mean, values
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("squared_error")
@dataclass(frozen=True)
class SquaredError(Metric):
    """mean (y - y^)^2 over rows and outputs, in the square of the target's unit."""

    task = "values"
    better = "lower"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = values(self.name, truth, predicted)
        with np.errstate(over="ignore", invalid="ignore"):
            return mean(np.square(truth - predicted))
