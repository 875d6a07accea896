from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array, DType
from chainrule.losses.base import LOSSES, Loss, same_shape


@LOSSES.register("binary_cross_entropy")
@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """L = -mean(y log p + (1 - y) log(1 - p)), p = sigmoid(z).  dL/dz = (p - y) / (n k).

    For yes-or-no targets: one output, or k outputs of which any number may be yes. Targets are probabilities
    in [0, 1]. Computed from z as max(z, 0) - z y + log(1 + exp(-|z|)), which is right at any size of z;
    clipping p instead, as is often advised, gives NaN in float32 (1 - 1e-15 is 1 there) and wrong gradients.
    """

    link = "sigmoid"
    task = "classes"

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        target = checks.numeric("the target", target)
        if target.shape == (n,) and k == 1:
            target = target[:, None]  # one answer a row and one output: nothing to be mistaken
        same_shape(self.name, np.empty((n, k), bool), target)
        checks.finite("the target", target)
        outside = np.argwhere((target < 0) | (target > 1))
        if len(outside):
            row, column = outside[0]
            raise InputError(
                f"the target is {target[row, column]:g} at row {row}, column {column}; binary_cross_entropy "
                "takes 0, 1 or probabilities between. For more than two classes use cross_entropy"
            )
        return np.ascontiguousarray(target, dtype=dtype)

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        e, losses = self.scratch_for(logits, target) if scratch is None else scratch
        np.abs(logits, out=e)
        np.negative(e, out=e)
        np.exp(e, out=e)  # exp(-|z|), never above 1
        # max(z, 0) - z y first and entry by entry: summed apart, two large sums would drown what is left of them
        p = np.multiply(logits, target, out=out)
        np.subtract(np.maximum(logits, 0, out=losses), p, out=losses)
        losses += np.log1p(e, out=p)
        # p = 1 / (1 + exp(-z)); with e as above that is 1 / (1 + e) above 0 and e / (1 + e) below
        np.minimum(logits, 0, out=p)
        np.exp(p, out=p)
        e += 1
        p /= e
        p -= target
        return losses, p

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def labels(self, target: Array) -> Array:
        return self.decide(target - 0.5)

    def decide(self, logits: Array) -> Array:
        yes = (logits > 0).astype(np.intp)  # p > 1/2
        return yes[:, 0] if yes.shape[1] == 1 else yes

    def scratch_for(self, logits: Array, target: Array) -> Array:
        return np.empty((2, *logits.shape), logits.dtype)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.BCEWithLogitsLoss(reduction=self.reduction)


def _value(z: float, y: float) -> float:
    return max(z, 0) - z * y + math.log1p(math.exp(-abs(z)))


def _slope(z: float, y: float) -> float:
    e = math.exp(-abs(z))
    return (1 / (1 + e) if z > 0 else e / (1 + e)) - y
