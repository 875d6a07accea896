from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("hard_swish")
@dataclass(frozen=True)
class HardSwish(Activation):
    """a = z h, h = (z + 3) / 6 kept from 0 to 1.  da/dz = z / 3 + 1/2 where -3 < z < 3, else h.

    SiLU with the sigmoid of three straight lines (Howard et al. 2019). At both corners the derivative is
    that of the straight line outside, 0 and 1, as PyTorch takes it.
    """

    backward_reads = "z"
    initializer = "he"
    operations = 5

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.add(z, 3, out=out)
        np.maximum(a, 0, out=a)
        np.minimum(a, 6, out=a)
        a /= 6  # before the product, which might not fit otherwise
        a *= z
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope, half = np.empty((2, *z.shape), z.dtype) if scratch is None else scratch
        np.abs(z, out=half)
        np.subtract(3, half, out=half)
        np.heaviside(half, 0, out=half)
        half += 1
        half *= 0.5  # 1 between the corners, 1/2 outside and at them
        np.maximum(z, -3, out=slope)
        np.minimum(slope, 3, out=slope)
        slope /= 3
        slope *= half  # z / 3 between the corners, -1/2 below and 1/2 above
        slope += 0.5
        dz: Array = np.multiply(da, slope, out=out)
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), z.dtype)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Hardswish()


def _value(z: float) -> float:
    return z * (min(max(z + 3, 0), 6) / 6)


def _slope(z: float) -> float:
    return z / 3 + 0.5 if -3 < z < 3 else (1 if z > 0 else 0)
