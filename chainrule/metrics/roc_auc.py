from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._probabilities import each
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("roc_auc")
@dataclass(frozen=True)
class RocAuc(Metric):
    """P(score of a yes > score of a no) + P(equal) / 2, the area under the ROC curve.  Hanley & McNeil 1982.

    In [0, 1]: 1 ranks every yes before every no, 0.5 is chance, 0 is the wrong way about. Of two classes it is
    that of class 1; of more, the mean over each class against the rest; of several yes-or-no answers a row, the
    mean over the answers. A class that no row or every row has is left out of the mean; NaN where none is left,
    as when all labels are equal (scikit-learn says NaN where any is left out).
    """

    task = "classes"
    reads = "probabilities"

    def __call__(self, truth: Array, predicted: Array) -> float:
        areas = [
            _area(yes, score) for yes, score in each(self.name, truth, predicted) if yes.any() and not yes.all()
        ]
        return float(np.mean(areas)) if areas else float("nan")


def _area(yes: Array, score: Array) -> float:
    """The rank-sum form of Mann & Whitney 1947, in whole numbers: no order among equal scores is needed."""
    ordered, n_yes = np.sort(score), int(yes.sum())
    below = np.searchsorted(ordered, score[yes], side="left").sum()
    up_to = np.searchsorted(ordered, score[yes], side="right").sum()
    twice = int(below) + int(up_to) - n_yes**2  # pairs (yes, no): 2 for each in order, 1 for each tie
    return twice / (2 * n_yes * (len(yes) - n_yes))
