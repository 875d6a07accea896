from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.losses._difference import Difference
from chainrule.losses.base import LOSSES


@LOSSES.register("huber")
@dataclass(frozen=True)
class Huber(Difference):
    """L = mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), d = z - y.  Huber 1964.

    A squared error near the target, an absolute one far from it, so that outliers weigh less. ``delta``, 1e-30 to
    1e30, is in the unit of the target, which is a standard deviation where that is standardized. dL/dd is d kept
    within -delta and delta; with that as c, the loss is c (d - c / 2). PyTorch's SmoothL1Loss is it over delta.
    """

    delta: float = 1.0

    examples = (*Difference.examples, {"delta": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("huber: delta", self.delta, least=1e-30, most=1e30)

    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        c = np.minimum(d, self.delta, out=spare)
        np.maximum(c, -self.delta, out=c)
        np.multiply(c, -0.5, out=losses)
        losses += d
        losses *= c
        d[...] = c

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope, (self.delta,))

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.HuberLoss(reduction=self.reduction, delta=self.delta)


def _value(z: float, y: float, delta: float) -> float:
    c = _slope(z, y, delta)
    return c * (z - y - c / 2)


def _slope(z: float, y: float, delta: float) -> float:
    return min(max(z - y, -delta), delta)
