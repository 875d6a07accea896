from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import MOST_SIZE, whole
from chainrule.core.types import Array, Shape
from chainrule.initializers import Initializer
from chainrule.layers.base import LAYERS, Layer, Out, Rng, Views


@LAYERS.register("dense")
@dataclass(frozen=True)
class Dense(Layer):
    """z = x @ W.T + b.  x: (n, d_in), W: (d_out, d_in), b: (d_out,), z: (n, d_out).

    With dz the derivative of the loss by z:  dW = dz.T @ x,  db = sum of dz over the rows,  dx = dz @ W.
    """

    d_in: int
    d_out: int

    examples = ({"d_in": 5, "d_out": 4},)
    affine = True
    parameter_names = {"W": "weight", "b": "bias"}  # noqa: RUF012 (a mapping declared once, never changed)

    def __post_init__(self) -> None:
        whole("dense: d_in", self.d_in, most=MOST_SIZE)
        whole("dense: d_out", self.d_out, most=MOST_SIZE)

    def shapes(self) -> dict[str, Shape]:
        return {"W": (self.d_out, self.d_in), "b": (self.d_out,)}

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        initializer.fill(p["W"], rng)
        p["b"][:] = 0

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        z: Array = np.matmul(x, p["W"].T, out=out)  # (n, d_out)
        z += p["b"]
        return z

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        # The sum over the rows, as a product with ones: two to four times as fast as add.reduce along this axis
        np.matmul(self.scratch_for(x) if scratch is None else scratch, dz, out=g["b"])  # (d_out,)
        np.matmul(dz.T, x, out=g["W"])  # (d_out, d_in)
        return np.matmul(dz, p["W"], out=out) if wants_dx else None  # (n, d_in)

    def scratch_for(self, x: Array) -> Array:
        return np.ones(len(x), x.dtype)

    def operations(self) -> int:
        return 2 * self.d_in * self.d_out  # a product and a sum for each weight, the bias among them

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Linear(self.d_in, self.d_out)
