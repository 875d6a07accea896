from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.settings import number
from chainrule.core.types import Array, DType
from chainrule.losses._focus import check_gamma, focus
from chainrule.losses._yes_no import YesNo
from chainrule.losses.base import LOSSES, same_shape


@LOSSES.register("binary_focal")
@dataclass(frozen=True)
class BinaryFocal(YesNo):
    """L = -mean a (1 - p)^gamma log p, p = sigmoid(z) for yes, 1 - that for no.  Lin et al. 2017.

    Binary cross-entropy in which answers that are nearly right count less; ``gamma`` 0 (to 100) is binary
    cross-entropy. ``alpha``, if given, is the weight a of yes, and 1 - alpha that of no; the paper has 0.25 with
    gamma 2. Targets are 0 or 1: one output, or k of which any number may be yes. With u = z for yes and -z for no,
    dL/du = -a (1 - p)^gamma (1 - p - gamma p log p) / (n k); p, 1 - p and log p all come from exp(-|u|).
    """

    gamma: float = 2.0
    alpha: float | None = None

    for_many = "focal"
    examples = ({}, {"reduction": "sum"}, {"gamma": 0.5, "alpha": 0.25})

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gamma("binary_focal", self.gamma)
        if self.alpha is not None:
            number("binary_focal: alpha", self.alpha, least=0, most=1)

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        target = super().prepare(target, n, k, dtype)
        between = np.argwhere((target != 0) & (target != 1))
        if len(between):
            row, column = between[0]
            raise InputError(
                f"the target is {target[row, column]:g} at row {row}, column {column}; binary_focal takes 0 and "
                "1. binary_cross_entropy takes probabilities",
                guard="labels-range",
            )
        return target

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        loss, q, sign, e = self.scratch_for(logits, target) if scratch is None else scratch
        np.multiply(target, 2, out=sign)
        sign -= 1
        u = np.multiply(logits, sign, out=out)
        np.abs(u, out=e)
        np.negative(e, out=e)
        np.exp(e, out=e)
        np.minimum(u, 0, out=q)
        np.subtract(np.log1p(e, out=loss), q, out=loss)  # log(1 + exp(-u))
        e += 1
        np.negative(u, out=q)
        np.minimum(q, 0, out=q)
        np.exp(q, out=q)
        q /= e  # sigmoid(-u)
        p = np.minimum(u, 0, out=u)
        np.exp(p, out=p)
        p /= e
        focus(loss, p, q, self.gamma)
        if self.alpha is not None:
            np.multiply(target, self.alpha, out=q)
            np.subtract(1, target, out=e)
            e *= 1 - self.alpha
            q += e
            loss *= q
            p *= q
        p *= sign
        np.negative(p, out=p)
        return loss, p

    def scratch_for(self, logits: Array, target: Array) -> Array:
        return np.empty((4, *logits.shape), logits.dtype)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            u = logits * (2 * target - 1)
            losses = -(torch.sigmoid(-u) ** self.gamma) * torch.nn.functional.logsigmoid(u)
            if self.alpha is not None:
                losses = losses * (self.alpha * target + (1 - self.alpha) * (1 - target))
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function
