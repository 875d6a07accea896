from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.settings import choice
from chainrule.core.types import Array
from chainrule.metrics._counts import AVERAGES, Average, averaged
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("recall")
@dataclass(frozen=True)
class Recall(Metric):
    """recall = hits / true: of the rows of a class, the share that is found.  In [0, 1], 1 best.

    ``average`` "macro" is the mean over the classes, each counting alike; "weighted" counts a class by its rows;
    "micro" adds up all counts first, which for one label a row is the accuracy; "binary" is class 1 alone, of
    labels 0 and 1. Classes that neither occur nor are predicted are left out; of several answers a row none is.

    A class that is predicted but never occurs has recall 0. Kent et al. 1955; the averages as in scikit-learn.
    """

    average: Average = "macro"

    task = "classes"

    def __post_init__(self) -> None:
        choice("recall: average", self.average, AVERAGES)

    def __call__(self, truth: Array, predicted: Array) -> float:
        return averaged(self.name, self.average, truth, predicted, lambda hits, said, true: (hits, true))
