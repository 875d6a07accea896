from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._logistic import logistic
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.settings import number
from chainrule.core.types import Array


@ACTIVATIONS.register("softplus")
@dataclass(frozen=True)
class Softplus(Activation):
    """a = log(1 + exp(beta z)) / beta.  da/dz = sigmoid(beta z).  Dugas et al. 2001; Glorot, Bordes & Bengio 2011.

    A ReLU without a corner, always positive; the larger ``beta`` (1e-6 to 1e6), the nearer to it. Computed as
    max(z, 0) + log(1 + exp(-|beta z|)) / beta, which overflows nowhere; PyTorch instead takes z itself where
    beta z > 20, 2e-9 too small. ``in_torch`` moves that threshold to 40, where it changes no digit.
    """

    beta: float = 1.0

    backward_reads = "z"
    initializer = "he"
    examples = ({}, {"beta": 3.0})
    operations = 7

    def __post_init__(self) -> None:
        number("softplus: beta", self.beta, least=1e-6, most=1e6)

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.abs(z, out=out)
        with np.errstate(over="ignore"):  # of a large beta: exp of minus infinity is 0
            a *= -self.beta
        np.exp(a, out=a)
        np.log1p(a, out=a)
        a /= self.beta
        a += np.maximum(z, 0, out=scratch)
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        with np.errstate(over="ignore"):
            slope = np.multiply(z, self.beta, out=scratch)
        logistic(slope, slope)
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Softplus(self.beta, threshold=40.0)
