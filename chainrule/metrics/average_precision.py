from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._probabilities import each
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("average_precision")
@dataclass(frozen=True)
class AveragePrecision(Metric):
    """sum_t (R_t - R_t-1) P_t over the thresholds t from high to low: the area under precision and recall.

    In [0, 1], 1 best; chance gives the share of yes. Rows of equal score pass a threshold together; nothing is
    interpolated. Of two classes it is that of class 1; of more, the mean over each class that occurs against
    the rest; of several yes-or-no answers a row, the mean over all answers. Where there is no yes it is 0, as
    in scikit-learn. Manning, Raghavan & Schuetze 2008, chapter 8.
    """

    task = "classes"
    reads = "probabilities"

    def __call__(self, truth: Array, predicted: Array) -> float:
        found = each(self.name, truth, predicted)
        if len(found) > 1 and np.ndim(truth) == 1:
            found = [(yes, score) for yes, score in found if yes.any()]
        return float(np.mean([_area(yes, score) for yes, score in found]))


def _area(yes: Array, score: Array) -> float:
    thresholds, place = np.unique(score, return_inverse=True)
    k = len(thresholds)
    new = np.bincount(place[yes], minlength=k)[::-1]  # yes at each threshold, from the highest
    hits, said = np.cumsum(new), np.cumsum(np.bincount(place, minlength=k)[::-1])
    return float(np.sum(new * (hits / said))) / max(1, int(hits[-1]))
