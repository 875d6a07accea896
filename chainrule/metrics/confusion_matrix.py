from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.errors import InputError, ShapeError
from chainrule.core.settings import whole
from chainrule.core.types import Array
from chainrule.metrics._shapes import pair
from chainrule.metrics.base import METRICS, Metric

MOST_CLASSES = 10_000  # a matrix of 800 MB


@METRICS.register("confusion_matrix")
@dataclass(frozen=True)
class ConfusionMatrix(Metric):
    """M[i, j] = rows of class i that were predicted as j.  (classes, classes), rows sum to the true counts.

    ``classes`` 0 takes the largest label plus one.
    """

    classes: int = 0

    task = "classes"
    scalar = False

    def __post_init__(self) -> None:
        whole("confusion_matrix: classes", self.classes, least=0, most=MOST_CLASSES)

    def __call__(self, truth: Array, predicted: Array) -> Array:
        truth, predicted = pair(self.name, truth, predicted)
        if truth.ndim != 1 or truth.dtype.kind not in "biu" or predicted.dtype.kind not in "biu":
            raise ShapeError(
                f"confusion_matrix takes one integer label a row, not shape {truth.shape} of {truth.dtype}"
            )
        most = int(max(truth.max(), predicted.max()))
        if not self.classes and most >= MOST_CLASSES:
            raise InputError(
                f"confusion_matrix takes labels up to {MOST_CLASSES - 1}; the largest is {most}. Renumber the "
                "classes from 0"
            )
        k = self.classes or most + 1
        if most >= k or min(truth.min(), predicted.min()) < 0:
            raise InputError(f"confusion_matrix of {k} classes takes labels from 0 to {k - 1}")
        flat = truth.astype(np.intp) * k + predicted.astype(np.intp)
        return np.bincount(flat, minlength=k * k).reshape(k, k)
