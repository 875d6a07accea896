from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.kernels import Formulas
from chainrule.core.settings import listed, number
from chainrule.core.types import Array, DType
from chainrule.losses._difference import Difference
from chainrule.losses.base import LOSSES


@LOSSES.register("quantile")
@dataclass(frozen=True)
class Quantile(Difference):
    """L = mean of tau r where r > 0, else (tau - 1) r, r = y - z.  The pinball loss.  Koenker & Bassett 1978.

    The ``tau`` quantile makes it least: with tau = 0.9 the truth stays below the prediction nine times in ten.
    ``tau``, between 0 and 1, may be a list, one for each output; to predict several quantiles of one quantity,
    give its column once for each. Where z = y the derivative, elsewhere -tau or 1 - tau, is taken as 0, as in
    absolute_error, which is twice tau = 0.5.
    """

    tau: float | tuple[float, ...] = 0.5

    examples = (*Difference.examples, {"tau": 0.9})

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.tau, tuple | list):
            listed(self, "tau")
            if not self.tau:
                raise SettingError(
                    "quantile: tau is a number, or a list with one for each output; this list is empty"
                )
        for level in self.tau if isinstance(self.tau, tuple) else (self.tau,):
            number("quantile: tau", level, above=0, below=1)

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if isinstance(self.tau, tuple) and len(self.tau) != k:
            raise ShapeError(
                f"quantile: tau has {len(self.tau)} levels, the network {k} outputs; give one for each"
            )
        return super().prepare(target, n, k, dtype)

    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        tau = self.tau if isinstance(self.tau, float) else np.array(self.tau, d.dtype)
        np.multiply(d, -tau, out=spare)
        np.multiply(d, 1 - tau, out=losses)
        np.maximum(losses, spare, out=losses)
        np.sign(d, out=d)
        np.minimum(d, 0, out=spare)
        spare *= tau
        np.maximum(d, 0, out=d)
        d *= 1 - tau
        d += spare

    def formulas(self) -> Formulas:
        return Formulas(_value, _slope, (self.tau,)) if isinstance(self.tau, float) else Formulas()

    def in_torch(self, torch: Any) -> Any:
        tau = torch.tensor(self.tau, dtype=torch.float64)

        def function(logits: Any, target: Any) -> Any:
            r = target - logits
            losses = torch.maximum(tau * r, (tau - 1) * r)
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function


def _value(z: float, y: float, tau: float) -> float:
    return max((1 - tau) * (z - y), tau * (y - z))


def _slope(z: float, y: float, tau: float) -> float:
    return 1 - tau if z > y else (-tau if z < y else z - y)
