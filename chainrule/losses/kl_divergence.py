from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import ShapeError
from chainrule.core.types import Array, DType
from chainrule.losses._targets import shares
from chainrule.losses.base import LOSSES, Loss, same_shape


class Scratch:
    """Working memory of one batch shape: two arrays like the logits, three numbers a row."""

    def __init__(self, logits: Array) -> None:
        self.p, self.part = np.empty((2, *logits.shape), logits.dtype)
        self.top, self.total, self.losses = np.empty((3, len(logits), 1), logits.dtype)


@LOSSES.register("kl_divergence")
@dataclass(frozen=True)
class KLDivergence(Loss):
    """L = mean_i sum_j y_ij log(y_ij / p_ij), p = softmax(z).  dL/dz = (p - y) / n.  Kullback & Leibler 1951.

    For targets that are distributions, (n, k), with 0 log 0 = 0: shares of a whole, or what another network said.
    It is the cross-entropy less the entropy of the target, so it has the gradient of cross-entropy, and is 0 where
    the two agree. Predictions are distributions too. The mean is over rows (PyTorch's reduction "batchmean"; its
    "mean" also divides by k).
    """

    link = "softmax"
    task = "values"
    scales = False

    def count(self, n: int, k: int) -> int:
        return n

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        target = checks.numeric("the target", target)
        if k < 2:
            raise ShapeError(
                "kl_divergence needs two outputs or more, one a share; the network has 1", guard="loss-shape"
            )
        if target.shape == (n,):
            raise ShapeError(
                f"kl_divergence takes distributions of shape {(n, k)}; the target has shape {(n,)}. For labels "
                "use cross_entropy",
                guard="loss-shape",
            )
        same_shape(self.name, np.empty((n, k), bool), target)
        return shares(target, dtype)

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Scratch | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        s = Scratch(logits) if scratch is None else scratch
        np.maximum.reduce(logits, axis=1, out=s.top, keepdims=True)
        z = np.subtract(logits, s.top, out=out)
        p = np.exp(z, out=s.p)
        np.add.reduce(p, axis=1, out=s.total, keepdims=True)
        p /= s.total
        z -= np.log(s.total, out=s.top)  # log p
        np.maximum(target, np.finfo(target.dtype).tiny, out=s.part)  # 0 log(tiny) is 0
        np.log(s.part, out=s.part)
        s.part -= z
        s.part *= target
        np.add.reduce(s.part, axis=1, out=s.losses, keepdims=True)
        np.add.reduce(target, axis=1, out=s.total, keepdims=True)
        p *= s.total  # 1 but for rounding
        return s.losses, np.subtract(p, target, out=z)

    def decide(self, logits: Array) -> Array:
        with np.errstate(over="ignore"):  # exp of minus infinity is 0
            p = logits - logits.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    def scratch_for(self, logits: Array, target: Array) -> Scratch:
        return Scratch(logits)

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.dirichlet(np.ones(k), n)

    def in_torch(self, torch: Any) -> Any:
        kl_div, log_softmax = torch.nn.functional.kl_div, torch.log_softmax
        reduction = "batchmean" if self.reduction == "mean" else "sum"
        return lambda logits, target: kl_div(log_softmax(logits, 1), target, reduction=reduction)
