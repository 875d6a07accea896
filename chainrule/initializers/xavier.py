from __future__ import annotations

from dataclasses import dataclass

from chainrule.initializers.base import INITIALIZERS, VarianceScaling


@INITIALIZERS.register("xavier")
@dataclass(frozen=True)
class Xavier(VarianceScaling):
    """Var W = 2 / (d_in + d_out): between forward and backward.  Glorot & Bengio 2010.

    For activations that are about the identity near 0, such as tanh.
    """

    def variance(self, d_in: int, d_out: int) -> float:
        return 2.0 / (d_in + d_out)
