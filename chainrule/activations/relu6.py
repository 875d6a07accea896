from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("relu6")
@dataclass(frozen=True)
class ReLU6(Activation):
    """a = z, kept from 0 to 6.  da/dz = 1 where 0 < z < 6, else 0.  Krizhevsky 2010.

    The bound keeps activations in the range of low-precision arithmetic. At both corners the derivative is taken
    as 0, as PyTorch does.
    """

    backward_reads = "a"
    initializer = "he"
    operations = 2

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.maximum(z, 0, out=out)
        return np.minimum(a, 6, out=a)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        inside, below = np.empty((2, *a.shape), bool) if scratch is None else scratch
        np.greater(a, 0, out=inside)
        inside &= np.less(a, 6, out=below)
        dz: Array = np.multiply(da, inside, out=out)
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), bool)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.ReLU6()


def _value(z: float) -> float:
    return min(max(z, 0), 6)


def _slope(a: float) -> float:
    return 1 if 0 < a < 6 else 0
