from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.types import Array
from chainrule.losses._difference import Difference
from chainrule.losses.base import LOSSES


@LOSSES.register("mean_squared_error")
@dataclass(frozen=True)
class MeanSquaredError(Difference):
    """L = sum (z - y)^2 / (n k), or the sum alone.  dL/dz = 2 (z - y) / (n k).  Legendre 1805, Gauss 1809.

    The mean is over rows *and* outputs, as in PyTorch. With ``task`` "classes" it learns one-hot rows.
    """

    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        np.multiply(d, d, out=losses)
        d *= 2

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.MSELoss(reduction=self.reduction)


def _value(z: float, y: float) -> float:
    return (z - y) * (z - y)


def _slope(z: float, y: float) -> float:
    return 2 * (z - y)
