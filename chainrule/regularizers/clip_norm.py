from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Clip


@REGULARIZERS.register("clip_norm")
@dataclass(frozen=True)
class ClipNorm(Clip):
    """g <- g min(1, limit / ||g||), with one norm over all parameters.  Pascanu, Mikolov & Bengio 2013.

    Keeps the direction. PyTorch's clip_grad_norm_, but for the 1e-6 that it adds to the norm.
    """

    limit: float = 1.0

    examples = ({}, {"limit": 0.01})

    def __post_init__(self) -> None:
        number("clip_norm: limit", self.limit, above=0)

    def clip(self, grad: Array) -> None:
        norm = math.sqrt(np.vdot(grad, grad))
        if norm <= self.limit:
            return
        if math.isfinite(norm):
            grad *= self.limit / norm
            return
        largest = float(np.abs(grad).max())  # squares of 1e20 overflow in float32
        if math.isfinite(largest):
            grad /= largest
            grad *= self.limit / math.sqrt(np.vdot(grad, grad))
