from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import ShapeError
from chainrule.core.settings import listed, number
from chainrule.core.types import Array, DType
from chainrule.losses._focus import check_gamma, focus
from chainrule.losses._one_class import OneClass
from chainrule.losses._rows import Rows
from chainrule.losses._targets import only_labels
from chainrule.losses.base import LOSSES


class Scratch(Rows):
    """More numbers a row: what is lost, the probability of the own class and that of all others, their weight."""

    def __init__(self, logits: Array) -> None:
        super().__init__(logits)
        self.loss, self.p, self.q, self.weight = np.empty((4, len(logits), 1), logits.dtype)


@LOSSES.register("focal")
@dataclass(frozen=True)
class Focal(OneClass):
    """L = -mean_i a_y (1 - p_y)^gamma log p_y, p = softmax(z).  Lin, Goyal, Girshick, He & Dollar 2017.

    Cross-entropy in which rows that are nearly right count less, so that many easy ones don't drown the few hard
    ones; ``gamma`` 0 (to 100) is cross-entropy. ``alpha``, if given, is a weight a for each class. Takes labels,
    one a row; for one output, or several yes-or-no answers, there is binary_focal.

    dL/dz_y = -w / n and dL/dz_j = w p_j / (n (1 - p_y)), w = a (1 - p_y)^gamma (1 - p_y - gamma p_y log p_y). With
    e = exp(z - max z), 1 - p_y is a quotient of sums of e and -log p_y is (max z - z_y) + log1p(sum e - 1), so
    both keep their digits where p_y is nearly 1.
    """

    gamma: float = 2.0
    alpha: tuple[float, ...] | None = None

    for_two = "binary_focal"
    examples = ({}, {"reduction": "sum"}, {"gamma": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gamma("focal", self.gamma)
        if self.alpha is not None:
            listed(self, "alpha")
        for weight in self.alpha or ():
            number("focal: a weight of alpha", weight, least=0)

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if self.alpha is not None and len(self.alpha) != k:
            raise ShapeError(f"focal: alpha has {len(self.alpha)} weights, the network {k} outputs; one a class")
        return only_labels(self.name, super().prepare(target, n, k, dtype))

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Scratch | None = None
    ) -> tuple[Array, Array]:
        if target.shape != logits.shape[:1]:
            raise ShapeError(
                f"focal: logits of shape {logits.shape}, labels of shape {target.shape}", guard="loss-shape"
            )
        s = Scratch(logits) if scratch is None else scratch
        e, others = s.work[0], s.total
        np.maximum.reduce(logits, axis=1, out=s.own, keepdims=True)
        np.subtract(logits, s.own, out=e)
        s.find(target)
        s.take(e, s.loss)  # z_y - max z
        np.exp(e, out=e)
        s.take(e, s.own)
        s.put(e, 0)
        np.add.reduce(e, axis=1, out=others, keepdims=True)
        np.add(s.own, others, out=s.p)
        np.divide(others, s.p, out=s.q)
        np.divide(s.own, s.p, out=s.p)
        s.own -= 1  # 0 where y is the largest, and then the logarithm is that of 1 + others
        s.own += others
        np.subtract(np.log1p(s.own, out=s.own), s.loss, out=s.loss)
        focus(s.loss, s.p, s.q, self.gamma)
        self._weigh(target, s)
        others += np.finfo(others.dtype).tiny  # 0 where every e_j is, and changes nothing elsewhere
        np.divide(s.p, others, out=others)
        e *= others
        np.negative(s.p, out=s.p)
        s.put(e, s.p[:, 0])
        out = np.empty_like(logits) if out is None else out
        out[...] = e
        return s.loss, out

    def _weigh(self, target: Array, s: Scratch) -> None:
        if self.alpha is not None:
            np.array(self.alpha, s.weight.dtype).take(target, out=s.weight[:, 0], mode="clip")
            s.loss *= s.weight
            s.p *= s.weight

    def scratch_for(self, logits: Array, target: Array) -> Scratch:
        return Scratch(logits)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            log_p = torch.log_softmax(logits, 1).gather(1, target.reshape((-1, 1)))
            losses = -((1 - torch.exp(log_p)) ** self.gamma) * log_p
            if self.alpha is not None:
                losses = losses * torch.tensor(self.alpha, dtype=logits.dtype)[target].reshape((-1, 1))
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function
