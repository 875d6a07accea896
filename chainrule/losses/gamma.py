from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.types import Array
from chainrule.losses._log_link import LogLink
from chainrule.losses.base import LOSSES, same_shape


@LOSSES.register("gamma")
@dataclass(frozen=True)
class Gamma(LogLink):
    """L = mean of z + y exp(-z).  dL/dz = (1 - y exp(-z)) / (n k).  McCullagh & Nelder 1983.

    For amounts, y > 0, whose spread grows with their size: minus the log-likelihood of a gamma law of mean exp(z)
    and shape 1, which is half the deviance but for 1 + log y. Twice the target at twice the mean loses the same
    but for log 2: what counts is by how many percent a prediction is off. Where exp(-z) leaves the floats' range,
    below z = -709.8 (-88.7 in float32), so does the loss.
    """

    zero = False

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        ratio = np.negative(logits, out=out)
        with np.errstate(over="ignore"):
            np.exp(ratio, out=ratio)
            ratio *= target
        losses = np.add(logits, ratio, out=scratch)
        np.subtract(1, ratio, out=ratio)
        return losses, ratio

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.gamma(2.0, 1.0, (n, k))

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            losses = logits + target * torch.exp(-logits)
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function


def _value(z: float, y: float) -> float:
    return z + y * math.exp(-z)


def _slope(z: float, y: float) -> float:
    return 1 - y * math.exp(-z)
