from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._exponential import backward, forward
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.types import Array

ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@ACTIVATIONS.register("selu")
@dataclass(frozen=True)
class SELU(Activation):
    """a = s z where z > 0, else s alpha (exp(z) - 1).  da/dz = s or s alpha exp(z).  Klambauer et al. 2017.

    s = 1.0507 and alpha = 1.6733 are the two numbers that keep mean 0 and variance 1 from layer to layer, for
    inputs that have them and weights of variance 1 / d_in (lecun). At z = 0 the derivative is taken as s alpha, as
    PyTorch does.
    """

    backward_reads = "z"
    initializer = "lecun"
    operations = 6

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return forward(z, SCALE, SCALE * ALPHA, out, scratch)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        return backward(da, z, SCALE, SCALE * ALPHA, out, scratch)

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), z.dtype)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.SELU()
