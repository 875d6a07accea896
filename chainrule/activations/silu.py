from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._logistic import logistic
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.types import Array


@ACTIVATIONS.register("silu")
@dataclass(frozen=True)
class SiLU(Activation):
    """a = z / (1 + exp(-z)), z times its sigmoid s.  da/dz = s (1 + z (1 - s)).  Elfwing, Uchibe & Doya 2018.

    Also called swish (Ramachandran, Zoph & Le 2017). Smooth; falls to -0.28 at z = -1.28 and returns to 0.
    """

    backward_reads = "z"
    initializer = "he"
    operations = 5

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = logistic(z, out)
        a *= z
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope, rest = np.empty((2, *z.shape), z.dtype) if scratch is None else scratch
        np.negative(z, out=rest)
        logistic(rest, rest)  # 1 - s, with all its digits where s is nearly 1
        rest *= z
        rest += 1
        logistic(z, slope)
        slope *= rest
        dz: Array = np.multiply(da, slope, out=out)
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), z.dtype)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.SiLU()
