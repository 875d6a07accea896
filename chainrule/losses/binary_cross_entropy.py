from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.losses._yes_no import YesNo
from chainrule.losses.base import LOSSES, same_shape


@LOSSES.register("binary_cross_entropy")
@dataclass(frozen=True)
class BinaryCrossEntropy(YesNo):
    """L = -mean(y log p + (1 - y) log(1 - p)), p = sigmoid(z).  dL/dz = (p - y) / (n k).

    For yes-or-no targets: one output, or k outputs of which any number may be yes. Targets are probabilities
    in [0, 1]. Computed from z as max(z, 0) - z y + log(1 + exp(-|z|)), which is right at any size of z;
    clipping p instead, as is often advised, gives NaN in float32 (1 - 1e-15 is 1 there) and wrong gradients.

    ``label_smoothing`` s takes (1 - s) y + s / 2 for y: cross-entropy's, of the two classes yes and no.
    """

    label_smoothing: float = 0.0

    for_many = "cross_entropy"
    examples = ({}, {"reduction": "sum"}, {"label_smoothing": 0.1})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("binary_cross_entropy: label_smoothing", self.label_smoothing, least=0, most=1)

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        e, losses = self.scratch_for(logits, target) if scratch is None else scratch
        np.abs(logits, out=e)
        # max(z, 0) - z y first and entry by entry: summed apart, two large sums would drown what is left of them
        p = np.multiply(logits, target, out=out)
        np.subtract(np.maximum(logits, 0, out=losses), p, out=losses)
        smooth = self.label_smoothing
        if smooth:  # what is added for it is (s / 2) |z|, which is never negative
            losses *= 1 - smooth
            losses += np.multiply(e, smooth / 2, out=p)
        np.negative(e, out=e)
        np.exp(e, out=e)  # exp(-|z|), never above 1
        losses += np.log1p(e, out=p)
        # p = 1 / (1 + exp(-z)); with e as above that is 1 / (1 + e) above 0 and e / (1 + e) below
        np.minimum(logits, 0, out=p)
        np.exp(p, out=p)
        e += 1
        p /= e
        if smooth:
            target = np.multiply(target, 1 - smooth, out=e)
            target += smooth / 2
        p -= target
        return losses, p

    def formulas(self) -> Formulas:
        return Formulas() if self.label_smoothing else Formulas(_value, _slope)

    def scratch_for(self, logits: Array, target: Array) -> Array:
        return np.empty((2, *logits.shape), logits.dtype)

    def in_torch(self, torch: Any) -> Any:
        peer, s = torch.nn.BCEWithLogitsLoss(reduction=self.reduction), self.label_smoothing
        return lambda logits, target: peer(logits, (1 - s) * target + s / 2)


def _value(z: float, y: float) -> float:
    return max(z, 0) - z * y + math.log1p(math.exp(-abs(z)))


def _slope(z: float, y: float) -> float:
    e = math.exp(-abs(z))
    return (1 / (1 + e) if z > 0 else e / (1 + e)) - y
