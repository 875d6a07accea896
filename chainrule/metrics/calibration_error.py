from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import whole
from chainrule.core.types import Array
from chainrule.metrics._probabilities import probabilities
from chainrule.metrics.base import METRICS, Metric

MOST_BINS = 10**6


@METRICS.register("calibration_error")
@dataclass(frozen=True)
class CalibrationError(Metric):
    """Expected calibration error: sum_b (n_b / n) |accuracy_b - confidence_b|, in [0, 1], smaller is better.

    A row's confidence is the probability of the class it is decided for (the first of equal ones), so that of
    the rows given 80 % about 80 % should be right. Rows are put by confidence into ``bins`` of equal width,
    ((b - 1) / bins, b / bins]; empty bins count nothing. It depends on the bins, and is 0 for a network that
    gives every row the classes' shares: compare it beside the accuracy. Of several yes-or-no answers a row,
    each answer counts as a row. Naeini et al. 2015; Guo et al. 2017, with their 15 bins.
    """

    bins: int = 15

    task = "classes"
    reads = "probabilities"
    better = "lower"

    def __post_init__(self) -> None:
        whole("calibration_error: bins", self.bins, most=MOST_BINS)

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, p = probabilities(self.name, truth, predicted)
        confidence = p.max(axis=1).astype(float)
        place = np.searchsorted(np.arange(1, self.bins) / self.bins, confidence, side="left")
        # n_b (accuracy_b - confidence_b) is the sum of (right - confidence) over the bin
        gap = np.bincount(place, (p.argmax(axis=1) == truth) - confidence)
        return float(np.abs(gap).sum()) / len(truth)
