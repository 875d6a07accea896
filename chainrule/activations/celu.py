from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.settings import number
from chainrule.core.types import Array


@ACTIVATIONS.register("celu")
@dataclass(frozen=True)
class CELU(Activation):
    """a = z where z > 0, else alpha (exp(z / alpha) - 1).  da/dz = 1 or exp(z / alpha).  Barron 2017.

    ELU without its corner: the derivative is 1 at 0 whatever ``alpha``, which is from 1e-6 to 1e6 and says how far
    below 0 outputs reach.
    """

    alpha: float = 1.0

    backward_reads = "z"
    initializer = "he"
    examples = ({}, {"alpha": 0.5})  # PyTorch rounds alpha to float32: with 0.3 its derivative is 5e-9 off
    operations = 6

    def __post_init__(self) -> None:
        number("celu: alpha", self.alpha, least=1e-6, most=1e6)

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.minimum(z, 0, out=out)
        with np.errstate(over="ignore"):  # of a small alpha: expm1 of minus infinity is -1
            a /= self.alpha
        np.expm1(a, out=a)  # exp(z) - 1 would lose the digits of a small z
        a *= self.alpha
        a += np.maximum(z, 0, out=scratch)  # one of the two is 0
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.minimum(z, 0, out=scratch)
        with np.errstate(over="ignore"):
            slope /= self.alpha
        np.exp(slope, out=slope)
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.CELU(self.alpha)
