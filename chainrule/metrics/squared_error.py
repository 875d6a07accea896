from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._shapes import pair
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("squared_error")
@dataclass(frozen=True)
class SquaredError(Metric):
    """mean (y - y^)^2 over rows and outputs, in the square of the target's unit."""

    task = "values"
    better = "lower"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = pair(self.name, truth, predicted)
        return float(np.mean(np.square(truth.astype(float) - predicted)))
