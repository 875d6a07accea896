from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.metrics._shapes import mean, values
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("pinball")
@dataclass(frozen=True)
class Pinball(Metric):
    """mean max(q (y - y^), (q - 1) (y - y^)) over rows and outputs, q the ``quantile``.  Koenker & Bassett 1978.

    In the target's unit; from 0, smaller is better. The q-quantile makes it least: of a forecast that the truth
    should stay below nine times in ten, with q = 0.9, each unit too low costs nine times as much as one too
    high. q = 0.5 is half the absolute error.
    """

    quantile: float = 0.5

    task = "values"
    better = "lower"

    def __post_init__(self) -> None:
        number("pinball: quantile", self.quantile, above=0, below=1)

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = values(self.name, truth, predicted)
        with np.errstate(over="ignore", invalid="ignore"):
            over = truth - predicted
            return mean(np.maximum(self.quantile * over, (self.quantile - 1) * over))
