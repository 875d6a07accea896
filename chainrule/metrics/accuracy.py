from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.types import Array
from chainrule.metrics._shapes import pair
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("accuracy")
@dataclass(frozen=True)
class Accuracy(Metric):
    """The share of rows whose prediction is right, in [0, 1]; of rows with several answers, all must be."""

    task = "classes"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = pair(self.name, truth, predicted)
        right = truth == predicted
        return float(right.reshape(len(right), -1).all(axis=1).mean())
