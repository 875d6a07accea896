from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.types import Array


@ACTIVATIONS.register("identity")
@dataclass(frozen=True)
class Identity(Activation):
    """a = z.

    Stacked without anything else between them, linear layers are one linear layer. It is the right output
    for a regression.
    """

    backward_reads = "a"
    operations = 0

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        return np.positive(z, out=out)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        return np.positive(da, out=out)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Identity()


def _value(z: float) -> float:
    return z


def _slope(a: float) -> float:
    return 1
