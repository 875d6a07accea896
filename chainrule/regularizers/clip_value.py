from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Clip


@REGULARIZERS.register("clip_value")
@dataclass(frozen=True)
class ClipValue(Clip):
    """g_i <- min(max(g_i, -limit), limit): each entry of the gradient by itself, which turns its direction.

    PyTorch's clip_grad_value_. Infinity stays infinite here, so that a divergence is seen.
    """

    limit: float = 1.0

    examples = ({}, {"limit": 0.01})

    def __post_init__(self) -> None:
        number("clip_value: limit", self.limit, above=0)

    def clip(self, grad: Array) -> None:
        if np.isfinite(np.add.reduce(grad)) or np.isfinite(grad).all():  # the sum may overflow over finite numbers
            np.clip(grad, -self.limit, self.limit, out=grad)
