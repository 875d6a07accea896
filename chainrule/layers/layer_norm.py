from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.initializers import Initializer
from chainrule.layers._same_width import Normalization
from chainrule.layers.base import LAYERS, Out, Rng, Views


class Standardized:
    """u, what the rows are before w and b, and the factor that made each."""

    def __init__(self, x: Array) -> None:
        self.u, self.product = np.empty_like(x), np.empty_like(x)
        self.factor, self.work = np.empty((len(x), 1), x.dtype), np.empty((len(x), 1), x.dtype)


@LAYERS.register("layer_norm")
@dataclass(frozen=True)
class LayerNorm(Normalization):
    """z = w u + b,  u = (x - mean) / sqrt(variance + epsilon), row by row.  Ba, Kiros & Hinton 2016.

    Mean and variance (with 1/d) are those of a row's own features, so a batch may have any size and predictions
    are made as in training. This is PyTorch's LayerNorm.
    """

    examples = ({"d": 5}, {"d": 4, "epsilon": 0.01})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("layer_norm: epsilon", self.epsilon, above=0)

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        p["w"][:] = 1
        p["b"][:] = 0

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        s = Standardized(x) if scratch is None else scratch
        self._standardize(s, x)
        z = np.multiply(s.u, p["w"], out=out)  # (n, d)
        z += p["b"]
        return z

    def _standardize(self, s: Standardized, x: Array) -> None:
        d = x.shape[1]
        np.add.reduce(x, axis=1, keepdims=True, out=s.work)
        s.work /= d
        np.subtract(x, s.work, out=s.u)
        np.multiply(s.u, s.u, out=s.product)
        np.add.reduce(s.product, axis=1, keepdims=True, out=s.factor)
        s.factor /= d
        s.factor += self.epsilon
        np.sqrt(s.factor, out=s.factor)
        np.reciprocal(s.factor, out=s.factor)
        s.u *= s.factor

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        s = scratch
        if s is None:
            s = Standardized(x)
            self._standardize(s, x)
        np.multiply(dz, s.u, out=s.product)
        np.add.reduce(s.product, axis=0, out=g["w"])
        np.add.reduce(dz, axis=0, out=g["b"])
        if not wants_dx:
            return None
        # With du = dz w:  dx = factor (du - mean of du - u mean of (du u)), means over the row's features
        d = x.shape[1]
        s.product *= p["w"]
        du = np.multiply(dz, p["w"], out=out)
        np.add.reduce(s.product, axis=1, keepdims=True, out=s.work)
        s.work /= d
        np.multiply(s.u, s.work, out=s.product)
        np.add.reduce(du, axis=1, keepdims=True, out=s.work)
        s.work /= d
        du -= s.work
        du -= s.product
        du *= s.factor
        return du

    def scratch_for(self, x: Array) -> Standardized:
        return Standardized(x)

    def operations(self) -> int:
        return 8 * self.d_in  # the mean 1, the variance 3, u 2, w and b 2

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.LayerNorm(self.d_in, eps=self.epsilon)
