from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.activations._logistic import logistic
from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.kernels import Formulas
from chainrule.core.settings import choice
from chainrule.core.types import Array

ROOT = math.sqrt(2 / math.pi)
CUBIC = 0.044715
FLAT = 40.0  # beyond, both densities are 0 in float64 and z^3 still fits into float32
_erfc = np.frompyfunc(math.erfc, 1, 1)


@ACTIVATIONS.register("gelu")
@dataclass(frozen=True)
class GELU(Activation):
    """a = z P(z), P(z) the share of normal numbers below z.  da/dz = P(z) + z p(z).  Hendrycks & Gimpel 2016.

    ``form`` "exact" has P(z) = erfc(-z / sqrt 2) / 2 and p(z) = exp(-z^2 / 2) / sqrt(2 pi). NumPy lacks erfc, so
    Python's is called entry by entry: some forty times slower than "tanh", PyTorch's ``approximate="tanh"``, which
    has P(z) = (1 + tanh u) / 2 with u = sqrt(2 / pi) (z + 0.044715 z^3) and is off by 5e-4 at most. As
    (1 + tanh u) / 2 = sigmoid(2 u), neither loses digits for z far below 0.
    """

    form: Literal["exact", "tanh"] = "exact"

    backward_reads = "z"
    initializer = "he"
    examples = ({}, {"form": "tanh"})
    operations = 8

    def __post_init__(self) -> None:
        choice("gelu: form", self.form, ("exact", "tanh"))

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        a = np.empty_like(z) if out is None else out
        spare = np.empty_like(z) if scratch is None else scratch[0]
        if self.form == "exact":
            _share(z, a)
        else:
            logistic(_twice_u(z, a, spare), a)
        a *= z
        return a

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        slope, share, spare = np.empty((3, *z.shape), z.dtype) if scratch is None else scratch
        if self.form == "exact":
            _density(z, slope)
            _share(z, share)
        else:
            _density_by_tanh(z, slope, share, spare)
            logistic(_twice_u(z, share, spare), share)
        np.clip(z, -FLAT, FLAT, out=spare)
        slope *= spare
        slope += share
        dz: Array = np.multiply(da, slope, out=out)
        return dz

    def scratch_for(self, z: Array) -> Array:
        return np.empty((3, *z.shape), z.dtype)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope) if self.form == "exact" else Formulas()

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.GELU(approximate="none" if self.form == "exact" else "tanh")


def _share(z: Array, out: Array) -> None:
    """P(z), by rows: Python's numbers of one row at a time are all that is allocated."""
    np.multiply(z, -math.sqrt(0.5), out=out)
    for row in out:
        row[...] = _erfc(row)
    out *= 0.5


def _density(z: Array, out: Array) -> None:
    """p(z)."""
    np.clip(z, -FLAT, FLAT, out=out)
    out *= out
    out *= -0.5
    np.exp(out, out=out)
    out *= math.sqrt(0.5 / math.pi)


def _twice_u(z: Array, out: Array, spare: Array) -> Array:
    """2 u, of z no further from 0 than FLAT."""
    np.clip(z, -FLAT, FLAT, out=spare)
    np.multiply(spare, spare, out=out)
    out *= CUBIC
    out += 1
    out *= spare
    out *= 2 * ROOT
    return out


def _density_by_tanh(z: Array, out: Array, other: Array, spare: Array) -> None:
    """The derivative of sigmoid(2 u): sigmoid(2 u) sigmoid(-2 u) 2 du/dz."""
    _twice_u(z, out, spare)
    np.negative(out, out=other)
    logistic(out, out)
    logistic(other, other)  # 1 - sigmoid(2 u), with all its digits
    out *= other
    np.multiply(spare, spare, out=other)  # spare holds z, clipped
    other *= 3 * CUBIC
    other += 1
    other *= 2 * ROOT
    out *= other


def _value(z: float) -> float:
    return z * 0.5 * math.erfc(-z * math.sqrt(0.5))


def _slope(z: float) -> float:
    near = min(max(z, -40.0), 40.0)
    return 0.5 * math.erfc(-z * math.sqrt(0.5)) + near * math.exp(-0.5 * near * near) * math.sqrt(0.5 / math.pi)
