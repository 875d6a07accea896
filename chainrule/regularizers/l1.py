from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Penalty


@REGULARIZERS.register("l1")
@dataclass(frozen=True)
class L1(Penalty):
    """strength sum |W|, which drives weights that do little to nearly 0.  Tibshirani 1996 (the lasso).

    The derivative at 0 is taken as 0, as PyTorch does. Plain steps along it hover about 0 and don't stay on it.
    """

    strength: float = 1e-4

    examples = ({}, {"strength": 0.5})

    def __post_init__(self) -> None:
        number("l1: strength", self.strength, least=0)

    def value(self, W: Array) -> float:
        return self.strength * float(np.abs(W).sum(dtype=np.float64))

    def add_gradient(self, W: Array, dW: Array) -> None:
        dW += self.strength * np.sign(W)
