from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._probabilities import probabilities
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("brier")
@dataclass(frozen=True)
class Brier(Metric):
    """mean_i sum_j (p_ij - 1[y_i = j])^2, from 0 to 2; of two classes its half, mean (p - y)^2.  Brier 1950.

    Smaller is better, 0 best. Like the log loss it is least where the probabilities are the true ones, but one
    sure mistake cannot drown the rest. The half is scikit-learn's convention. Of several yes-or-no answers a row
    it is the mean over all answers.
    """

    task = "classes"
    reads = "probabilities"
    better = "lower"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, p = probabilities(self.name, truth, predicted)
        k = p.shape[1]
        error = p.astype(float) - (truth[:, None] == np.arange(k))
        return float(np.square(error).sum(axis=1).mean()) * (0.5 if k == 2 else 1)
