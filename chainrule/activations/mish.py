from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.types import Array

FLAT = 30.0  # from here on t is 1 to rounding, and its derivative, of 1e-25, is nothing beside it


@ACTIVATIONS.register("mish")
@dataclass(frozen=True)
class Mish(Activation):
    """a = z tanh(log(1 + exp(z))).  da/dz = t + z dt/dz, t being the tanh.  Misra 2020.

    With e = exp(z) and n = e (e + 2), t = n / (n + 2) and dt/dz = 4 e (e + 1) / (n + 2)^2: one exponential and no
    difference of nearly equal numbers. From z = 30 on t is 1 in float64, so exp is asked for no more than that.
    """

    backward_reads = "z"
    initializer = "he"
    operations = 7

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        e = np.minimum(z, FLAT, out=out)
        np.exp(e, out=e)
        n = np.add(e, 2, out=scratch if scratch is None else scratch[0])
        n *= e
        t = np.add(n, 2, out=e)
        np.divide(n, t, out=t)
        return np.multiply(t, z, out=t)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        e, n, slope = np.empty((3, *z.shape), z.dtype) if scratch is None else scratch
        np.minimum(z, FLAT, out=e)
        np.exp(e, out=e)
        np.add(e, 1, out=slope)
        slope *= e
        slope *= 4
        np.add(e, 2, out=n)
        n *= e
        np.add(n, 2, out=e)
        slope /= e  # twice, as the square does not fit into float32
        slope /= e
        n /= e  # t
        np.minimum(z, FLAT, out=e)
        slope *= e
        slope += n
        dz: Array = np.multiply(da, slope, out=out)
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((3, *z.shape), z.dtype)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Mish()
