from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.types import Array
from chainrule.losses._difference import Difference
from chainrule.losses.base import LOSSES


@LOSSES.register("absolute_error")
@dataclass(frozen=True)
class AbsoluteError(Difference):
    """L = sum |z - y| / (n k).  dL/dz = sign(z - y) / (n k).  Boscovich 1757, Laplace 1793.

    The median makes it least, as the mean does the squared error: a row far off pulls no harder than one nearby.
    Where z = y the derivative is taken as 0, as in PyTorch.
    """

    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        np.abs(d, out=losses)
        np.sign(d, out=d)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.L1Loss(reduction=self.reduction)


def _value(z: float, y: float) -> float:
    return abs(z - y)


def _slope(z: float, y: float) -> float:
    return 1 if z > y else (-1 if z < y else z - y)
