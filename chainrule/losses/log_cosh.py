from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.losses._difference import Difference
from chainrule.losses.base import LOSSES

STRAIGHT = 20.0  # from here on log cosh d rises by 1 a unit, to 1e-17


@LOSSES.register("log_cosh")
@dataclass(frozen=True)
class LogCosh(Difference):
    """L = mean of log cosh d, d = z - y.  dL/dd = tanh d.  Green 1990.

    About d^2 / 2 near the target and |d| - log 2 far from it: a Huber loss without a seam. cosh overflows, and
    |d| + log(1 + exp(-2 |d|)) - log 2 leaves no digit where d is small; with m = min(|d|, 20) it is computed as
    log(1 + 2 sinh(m / 2)^2) + |d| - m, whose terms have one sign.
    """

    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        np.abs(d, out=losses)
        m = np.minimum(losses, STRAIGHT, out=spare)
        losses -= m
        m *= 0.5
        np.sinh(m, out=m)
        m *= m
        m *= 2
        losses += np.log1p(m, out=m)
        np.tanh(d, out=d)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            losses = torch.log(torch.cosh(logits - target))
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function
