from __future__ import annotations

from dataclasses import dataclass

from chainrule.initializers.base import INITIALIZERS, VarianceScaling


@INITIALIZERS.register("he")
@dataclass(frozen=True)
class He(VarianceScaling):
    """Var W = 2 / d_in: keeps the size of signals through ReLU layers.  He et al. 2015.

    ReLU silences half of its inputs, hence the 2.
    """

    def variance(self, d_in: int, d_out: int) -> float:
        return 2.0 / d_in
