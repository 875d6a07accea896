from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.types import Array


@ACTIVATIONS.register("sigmoid")
@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + exp(-z)), between 0 and 1.  da/dz = a (1 - a), at most 1/4.

    Exact to rounding wherever the result is a normal number: for z far below 0 exp(-z) is large but right,
    and once it overflows to infinity the quotient is 0, as it should be.
    """

    backward_reads = "a"
    operations = 4

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.negative(z, out=out)
        with np.errstate(over="ignore"):
            np.exp(a, out=a)
        a += 1
        return np.reciprocal(a, out=a)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.subtract(1, a, out=scratch)
        slope *= a
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Sigmoid()
