from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("relu")
@dataclass(frozen=True)
class ReLU(Activation):
    """a = max(0, z).  da/dz = 1 where z > 0, else 0.  Nair & Hinton 2010.

    At z = 0 the derivative is taken as 0, as PyTorch does.
    """

    backward_reads = "a"
    initializer = "he"

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return np.maximum(z, 0, out=out)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        return np.multiply(da, np.greater(a, 0, out=scratch), out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty(z.shape, bool)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.ReLU()


def _value(z: float) -> float:
    return max(z, 0)


def _slope(a: float) -> float:
    return 1 if a > 0 else 0
