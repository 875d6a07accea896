from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._counts import counts
from chainrule.metrics._shapes import pair
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("balanced_accuracy")
@dataclass(frozen=True)
class BalancedAccuracy(Metric):
    """The mean recall over the classes that occur: a rare class counts as much as a frequent one.  Brodersen 2010.

    In [0, 1]; 1 is perfect, 1 / classes is what guessing gives, and so does answering always the same. A class
    that is predicted but never occurs is left out of the mean, as in scikit-learn. Of several yes-or-no answers
    a row it is the mean over the answers.
    """

    task = "classes"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, predicted = pair(self.name, truth, predicted)
        if truth.ndim != 2:
            return self._one(truth, predicted)
        return float(np.mean([self._one(*answer) for answer in zip(truth.T, predicted.T, strict=True)]))

    def _one(self, truth: Array, predicted: Array) -> float:
        hits, _, true = counts(self.name, truth, predicted)
        occurs = true > 0
        return float(np.mean(hits[occurs] / true[occurs]))
