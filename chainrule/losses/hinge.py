from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.losses._margin import Margin
from chainrule.losses.base import LOSSES


@LOSSES.register("hinge")
@dataclass(frozen=True)
class Hinge(Margin):
    """L = mean of max(0, 1 - s z), s = 1 or -1.  dL/dz = -s / n where s z < 1, else 0.  Cortes & Vapnik 1995.

    The loss of support vector machines. With k outputs, one a class, it is the sum over the wrong classes j of
    max(0, 1 - z_y + z_j), over k (Weston & Watkins 1999), as PyTorch's MultiMarginLoss. On the hinge, at s z = 1,
    the derivative is taken as 0. ``predict`` works, by the sign or the largest; there are no probabilities.
    """

    def lack(self, m: Array, losses: Array) -> None:
        losses[...] = m
        np.sign(m, out=m)

    def in_torch_lack(self, m: Any) -> Any:
        return m
