from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._logistic import logistic
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("sigmoid")
@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + exp(-z)), between 0 and 1.  da/dz = a (1 - a), at most 1/4.

    From a, so that nobody needs z again: where a is nearly 1 the derivative has the digits that 1 - a has.
    """

    backward_reads = "a"
    operations = 4

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return logistic(z, out)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.subtract(1, a, out=scratch)
        slope *= a
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def formulas(self) -> Formulas:
        return Formulas(slope=_slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Sigmoid()


def _slope(a: float) -> float:
    return a * (1 - a)
