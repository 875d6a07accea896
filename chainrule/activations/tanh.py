from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("tanh")
@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh z, between -1 and 1.  da/dz = 1 - a^2.

    A sigmoid stretched to be centered at 0 (LeCun et al. 1998, "Efficient BackProp").
    """

    backward_reads = "a"
    operations = 4

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return np.tanh(z, out=out)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.multiply(a, a, out=scratch)
        np.subtract(1, slope, out=slope)
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def formulas(self) -> Formulas:
        return Formulas(slope=_slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Tanh()


def _slope(a: float) -> float:
    return 1 - a * a
