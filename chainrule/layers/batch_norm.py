from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array, Shape
from chainrule.initializers import Initializer
from chainrule.layers._same_width import Normalization
from chainrule.layers.base import LAYERS, Out, Rng, Views


class Standardized:
    """u, what the normalized batch is before w and b, and the factor that made it."""

    def __init__(self, x: Array) -> None:
        self.of_batch = False  # whether the last forward used the batch's own statistics
        self.u, self.product = np.empty_like(x), np.empty_like(x)
        self.mean, self.variance, self.factor, self.work = (np.empty(x.shape[1], x.dtype) for _ in range(4))


@LAYERS.register("batch_norm")
@dataclass(frozen=True)
class BatchNorm(Normalization):
    """z = w u + b,  u = (x - mean) / sqrt(variance + epsilon), feature by feature.  Ioffe & Szegedy 2015.

    In training mean and variance are the batch's (the variance with 1/n), and the running ones, which are used
    when predicting, move towards them: running <- (1 - momentum) running + momentum batch, the variance with
    1/(n-1); ``momentum`` is in (0, 1]. This is PyTorch's BatchNorm1d.

    A row alone has no variance. ``fit`` refuses batches of one row; where one row is left over at the end of an
    epoch, it is normalized as in prediction and leaves the running statistics as they are. (PyTorch raises an
    error in the middle of the training.)
    """

    momentum: float = 0.1

    examples = ({"d": 5}, {"d": 3, "momentum": 0.4, "epsilon": 0.01})
    buffer_names = {"mean": "running_mean", "variance": "running_var"}  # noqa: RUF012
    least_rows = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        number("batch_norm: epsilon", self.epsilon, above=0)
        number("batch_norm: momentum", self.momentum, above=0, most=1)

    def buffer_shapes(self) -> dict[str, Shape]:
        return {"mean": (self.d_in,), "variance": (self.d_in,)}

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        for letter, value in (("w", 1), ("b", 0), ("mean", 0), ("variance", 1)):
            p[letter][:] = value

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        s = Standardized(x) if scratch is None else scratch
        s.of_batch = rng is not None and len(x) >= self.least_rows
        if s.of_batch:
            self._by_batch(s, x, p)
        else:
            self._by_running(s, x, p)
        z = np.multiply(s.u, p["w"], out=out)  # (n, d)
        z += p["b"]
        return z

    def _by_batch(self, s: Standardized, x: Array, p: Views) -> None:
        n = len(x)
        np.add.reduce(x, axis=0, out=s.mean)
        s.mean /= n
        np.subtract(x, s.mean, out=s.u)
        np.multiply(s.u, s.u, out=s.product)
        np.add.reduce(s.product, axis=0, out=s.variance)  # n times the variance
        np.divide(s.variance, n, out=s.factor)
        self._invert(s.factor)
        s.u *= s.factor
        s.variance /= n - 1
        for letter, batch in (("mean", s.mean), ("variance", s.variance)):
            p[letter][:] *= 1 - self.momentum
            p[letter][:] += np.multiply(batch, self.momentum, out=s.work)

    def _by_running(self, s: Standardized, x: Array, p: Views) -> None:
        s.factor[:] = p["variance"]
        self._invert(s.factor)
        np.subtract(x, p["mean"], out=s.u)
        s.u *= s.factor

    def _invert(self, variance: Array) -> None:
        """1 / sqrt(variance + epsilon), in place."""
        variance += self.epsilon
        np.sqrt(variance, out=variance)
        np.reciprocal(variance, out=variance)

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        s: Standardized = scratch
        if s is None:
            s = Standardized(x)
            self._by_running(s, x, p)
        np.multiply(dz, s.u, out=s.product)
        np.add.reduce(s.product, axis=0, out=g["w"])
        np.add.reduce(dz, axis=0, out=g["b"])
        if not wants_dx:
            return None
        np.multiply(s.factor, p["w"], out=s.work)  # dz/dx where mean and variance are held still
        if not s.of_batch:
            held: Array = np.multiply(dz, s.work, out=out)
            return held
        # dx = factor w (dz - mean of dz - u mean of (dz u)); the two means are db / n and dw / n
        dx: Array = np.multiply(s.u, np.divide(g["w"], len(x), out=s.mean), out=out)
        dx += np.divide(g["b"], len(x), out=s.mean)
        np.subtract(dz, dx, out=dx)
        dx *= s.work
        return dx

    def scratch_for(self, x: Array) -> Standardized:
        return Standardized(x)

    def operations(self) -> int:
        return 4 * self.d_in

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.BatchNorm1d(self.d_in, eps=self.epsilon, momentum=self.momentum)
