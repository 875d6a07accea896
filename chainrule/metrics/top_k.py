from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.settings import whole
from chainrule.core.types import Array
from chainrule.metrics._probabilities import scores
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("top_k")
@dataclass(frozen=True)
class TopK(Metric):
    """The share of rows whose class is among the k likeliest, in [0, 1], 1 best.  Russakovsky et al. 2015.

    With k of as many as there are classes it is always 1. Of equal probabilities the lower class goes first, as
    in ``predict``, so that k = 1 is the accuracy; scikit-learn takes the higher one first, of three classes or
    more. One label a row; several yes-or-no answers are refused.
    """

    k: int = 2

    task = "classes"
    reads = "probabilities"

    def __post_init__(self) -> None:
        whole("top_k: k", self.k)

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, p = scores(self.name, truth, predicted)
        if truth.ndim != 1:
            raise InputError(f"top_k takes one label a row; the truth has shape {truth.shape}")
        own = np.take_along_axis(p, truth[:, None].astype(np.intp), axis=1)  # (n, 1)
        before = np.arange(p.shape[1]) < truth[:, None]
        rank = ((p > own) | ((p == own) & before)).sum(axis=1)  # from 0
        return float((rank < self.k).mean())
