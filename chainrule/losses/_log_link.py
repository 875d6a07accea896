from __future__ import annotations

from typing import ClassVar

import numpy as np

from chainrule.core.types import Array, DType
from chainrule.losses._targets import above, values
from chainrule.losses.base import Loss, same_shape


class LogLink(Loss):
    """Of a positive mean m = exp(z), where effects multiply; a prediction is m, in the target's unit.

    A standardized target would be negative half of the time, so it is never standardized.
    """

    link = "exp"
    task = "values"
    scales = False
    zero: ClassVar[bool]  # whether a target may be 0

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        return above(self.name, values(self.name, target, n, k, dtype), self.zero)

    def decide(self, logits: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(logits))

    def scratch_for(self, logits: Array, target: Array) -> Array:
        same_shape(self.name, logits, target)
        return np.empty_like(logits)
