from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import Formulas
from chainrule.core.types import Array
from chainrule.losses._log_link import LogLink
from chainrule.losses.base import LOSSES, same_shape


@LOSSES.register("poisson")
@dataclass(frozen=True)
class Poisson(LogLink):
    """L = mean of exp(z) - y z.  dL/dz = (exp(z) - y) / (n k).  Nelder & Wedderburn 1972.

    For counts and rates, y >= 0: minus the log-likelihood of a Poisson law of mean exp(z), but for log y!, which
    no weight changes; so it may be negative. PyTorch's PoissonNLLLoss with full=False. Where exp(z) leaves the
    floats' range, from z = 709.8 on (88.7 in float32), so does the loss.
    """

    zero = True

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        with np.errstate(over="ignore"):
            mean = np.exp(logits, out=out)
        losses = np.multiply(logits, target, out=scratch)
        np.subtract(mean, losses, out=losses)
        mean -= target
        return losses, mean

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.poisson(2.0, (n, k)).astype(float)

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            losses = torch.exp(logits) - target * logits
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function


def _value(z: float, y: float) -> float:
    return math.exp(z) - y * z


def _slope(z: float, y: float) -> float:
    return math.exp(z) - y
