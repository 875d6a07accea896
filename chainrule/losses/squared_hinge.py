from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.losses._margin import Margin
from chainrule.losses.base import LOSSES


@LOSSES.register("squared_hinge")
@dataclass(frozen=True)
class SquaredHinge(Margin):
    """L = mean of max(0, 1 - s z)^2, s = 1 or -1.  dL/dz = -2 s max(0, 1 - s z) / n.  Cortes & Vapnik 1995.

    A hinge without a corner, which minds one large lack of margin more than several small ones. With k outputs it
    is the sum over the wrong classes j of max(0, 1 - z_y + z_j)^2, over k, as PyTorch's MultiMarginLoss with p of
    2. ``predict`` works, by the sign or the largest; there are no probabilities.
    """

    def lack(self, m: Array, losses: Array) -> None:
        np.multiply(m, m, out=losses)
        m *= 2

    def in_torch_lack(self, m: Any) -> Any:
        return m * m
