from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array, DType
from chainrule.losses.base import LOSSES, Loss, same_shape


@LOSSES.register("mean_squared_error")
@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """L = sum (z - y)^2 / (n k), or the sum alone.  dL/dz = 2 (z - y) / (n k).  Legendre 1805, Gauss 1809.

    The mean is over rows *and* outputs, as in PyTorch.
    """

    link = "identity"
    task = "values"

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        target = checks.numeric("the target", target)
        if target.shape == (n,) and k == 1:
            target = target[:, None]  # one value a row and one output: nothing to be mistaken
        checks.finite("the target", target)
        with np.errstate(over="ignore"):  # what doesn't fit the dtype is refused below
            target = np.ascontiguousarray(target, dtype=dtype)
        same_shape(self.name, np.empty((n, k), bool), target)
        checks.finite(f"the target, as {dtype.name},", target)
        return target

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        difference = np.subtract(logits, target, out=out)
        losses = np.multiply(difference, difference, out=scratch)
        difference *= 2
        return losses, difference

    def scratch_for(self, logits: Array, target: Array) -> Array:
        return np.empty_like(logits)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def decide(self, logits: Array) -> Array:
        return logits

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.MSELoss(reduction=self.reduction)


def _value(z: float, y: float) -> float:
    return (z - y) * (z - y)


def _slope(z: float, y: float) -> float:
    return 2 * (z - y)
