from __future__ import annotations

from dataclasses import dataclass

from chainrule.initializers.base import INITIALIZERS, VarianceScaling


@INITIALIZERS.register("lecun")
@dataclass(frozen=True)
class LeCun(VarianceScaling):
    """Var W = 1 / d_in: keeps the size of signals forward.  LeCun et al. 1998.

    Often called Xavier by mistake; Glorot's has the mean of both fans.
    """

    def variance(self, d_in: int, d_out: int) -> float:
        return 1.0 / d_in
