from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("softsign")
@dataclass(frozen=True)
class Softsign(Activation):
    """a = z / (1 + |z|), between -1 and 1.  da/dz = 1 / (1 + |z|)^2.  Bergstra et al. 2009.

    Like tanh, but it nears its limits as 1 / z does, not exponentially: units saturate more gently (Glorot &
    Bengio 2010).
    """

    backward_reads = "z"
    operations = 3

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.abs(z, out=out)
        a += 1
        return np.divide(z, a, out=a)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.abs(z, out=scratch)
        slope += 1
        np.reciprocal(slope, out=slope)
        slope *= slope  # the square of 1 + |z| might overflow, that of its reciprocal only vanishes
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Softsign()


def _value(z: float) -> float:
    return z / (1 + abs(z))


def _slope(z: float) -> float:
    r = 1 / (1 + abs(z))
    return r * r
