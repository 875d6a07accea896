from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.metrics._probabilities import probabilities
from chainrule.metrics.base import METRICS, Metric


@METRICS.register("log_loss")
@dataclass(frozen=True)
class LogLoss(Metric):
    """-mean_i log p_i[y_i]: the surprise at the truth, in nats; from 0, smaller is better.  Good 1952.

    log k is what knowing nothing of k classes costs. A probability of 0 for what happened would cost infinity;
    probabilities are held within [eps, 1 - eps] of their dtype, as in scikit-learn: a row costs at most 36.0 in
    float64 and 15.9 in float32. The loss cross_entropy, computed from logits, has no such bound. Of several
    yes-or-no answers a row it is the mean over all answers.
    """

    task = "classes"
    reads = "probabilities"
    better = "lower"

    def __call__(self, truth: Array, predicted: Array) -> float:
        truth, p = probabilities(self.name, truth, predicted)
        own = np.take_along_axis(p, truth[:, None].astype(np.intp), axis=1)
        kind = np.asarray(predicted).dtype
        eps = np.finfo(kind if kind.kind == "f" else p.dtype).eps
        return float(-np.log(np.clip(own, eps, 1 - eps), dtype=float).mean())
