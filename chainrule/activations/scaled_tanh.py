from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations._module import module
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.settings import number
from chainrule.core.types import Array


@ACTIVATIONS.register("scaled_tanh")
@dataclass(frozen=True)
class ScaledTanh(Activation):
    """a = A tanh(s z), A the ``amplitude``, s the ``slope``.  da/dz = s (A - a^2 / A).  LeCun et al. 1998.

    With 1.7159 and 2/3, "Efficient BackProp"'s choice, f(1) = 1 and f(-1) = -1: targets of 1 and -1 lie where the
    curve bends most instead of at its ends, and signals of variance 1 stay so.
    """

    amplitude: float = 1.7159
    slope: float = 2 / 3

    backward_reads = "a"
    examples = ({}, {"amplitude": 0.5, "slope": 2.0})
    operations = 6

    def __post_init__(self) -> None:
        number("scaled_tanh: amplitude", self.amplitude, above=0)
        number("scaled_tanh: slope", self.slope, above=0)

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        with np.errstate(over="ignore"):  # tanh of infinity is 1
            a = np.multiply(z, self.slope, out=out)
        np.tanh(a, out=a)
        a *= self.amplitude
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope = np.multiply(a, a, out=scratch)
        slope *= -self.slope / self.amplitude
        slope += self.slope * self.amplitude
        return np.multiply(da, slope, out=out)

    def scratch_for(self, z: Array) -> Array:
        return np.empty_like(z)

    def formulas(self) -> Formulas:
        return Formulas(slope=_slope, constants=(self.slope * self.amplitude, self.slope / self.amplitude))

    def in_torch(self, torch: Any) -> Any:
        return module(torch, lambda z: torch.tanh(z * self.slope) * self.amplitude)


def _slope(a: float, steepest: float, bend: float) -> float:
    return steepest - bend * a * a
