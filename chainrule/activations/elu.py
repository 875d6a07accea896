from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._exponential import backward, forward
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.settings import number
from chainrule.core.types import Array


@ACTIVATIONS.register("elu")
@dataclass(frozen=True)
class ELU(Activation):
    """a = z where z > 0, else alpha (exp(z) - 1).  da/dz = 1 or alpha exp(z).  Clevert et al. 2016.

    Negative outputs bring the mean of a layer nearer to 0 than ReLU's. ``alpha`` is from 1e-6 to 1e6; unless it is
    1 there is a corner at 0, where the derivative is taken as ``alpha``, as PyTorch does.
    """

    alpha: float = 1.0

    backward_reads = "z"
    initializer = "he"
    examples = ({}, {"alpha": 0.3})
    operations = 5

    def __post_init__(self) -> None:
        number("elu: alpha", self.alpha, least=1e-6, most=1e6)

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return forward(z, 1.0, self.alpha, out, scratch)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        return backward(da, z, 1.0, self.alpha, out, scratch)

    def scratch_for(self, z: Array) -> Array:
        return np.empty((2, *z.shape), z.dtype)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.ELU(self.alpha)
