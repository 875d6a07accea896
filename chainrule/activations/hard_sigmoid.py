from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._module import module
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("hard_sigmoid")
@dataclass(frozen=True)
class HardSigmoid(Activation):
    """a = (z + 3) / 6, kept from 0 to 1.  da/dz = 1/6 where -3 < z < 3, else 0.  Howard et al. 2019.

    A sigmoid of three straight lines, for hardware without exp. (Courbariaux, Bengio & David 2015 have the slope
    1/2.) At both corners the derivative is taken as 0, as PyTorch does.
    """

    backward_reads = "z"
    operations = 4

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.add(z, 3, out=out)
        np.maximum(a, 0, out=a)
        np.minimum(a, 6, out=a)
        a /= 6
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        # From z, not a: just below 3 the sum z + 3 is rounded to 6
        inside, below = np.empty((2, *z.shape), bool) if scratch is None else scratch
        np.greater(z, -3, out=inside)
        inside &= np.less(z, 3, out=below)
        dz: Array = np.multiply(da, inside, out=out)
        dz /= 6
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), bool)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        # PyTorch's Hardsigmoid multiplies by a 1/6 of float32 also in float64: its derivative is 3e-8 too large
        return module(torch, lambda z: torch.nn.functional.relu6(z + 3) / 6)


def _value(z: float) -> float:
    return min(max(z + 3, 0), 6) / 6


def _slope(z: float) -> float:
    return 1 / 6 if -3 < z < 3 else 0
