from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.settings import number
from chainrule.core.types import Array


@ACTIVATIONS.register("leaky_relu")
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """a = z where z > 0, else slope z.  da/dz = 1 or slope.  Maas, Hannun & Ng 2013.

    A unit below 0 still learns, so it cannot die. ``slope`` is in [0, 1). At z = 0 the derivative is taken as
    ``slope``, as PyTorch does.
    """

    slope: float = 0.01

    backward_reads = "z"
    initializer = "he"
    examples = ({}, {"slope": 0.2})
    operations = 2

    def __post_init__(self) -> None:
        number("leaky_relu: slope", self.slope, least=0, below=1)

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.multiply(z, self.slope, out=out)
        return np.maximum(a, z, out=a)  # right because slope < 1

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        factor = np.empty_like(z) if scratch is None else scratch
        # 1 where z > 0, else slope, without a branch: heaviside is 1 above 0 and 0 below and at 0
        np.heaviside(z, 0, out=factor)
        np.maximum(factor, self.slope, out=factor)
        return np.multiply(da, factor, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope, (self.slope,))

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.LeakyReLU(self.slope)


def _value(z: float, slope: float) -> float:
    return z if z > 0 else slope * z


def _slope(z: float, slope: float) -> float:
    return 1 if z > 0 else slope
