from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Penalty


@REGULARIZERS.register("elastic")
@dataclass(frozen=True)
class Elastic(Penalty):
    """strength (ratio sum |W| + (1 - ratio) / 2 sum W^2).  Zou & Hastie 2005 (the elastic net).

    ``strength`` and ``ratio`` are ``alpha`` and ``l1_ratio`` of scikit-learn's ElasticNet. The derivative of |W|
    at 0 is taken as 0.
    """

    strength: float = 1e-4
    ratio: float = 0.5

    examples = ({}, {"strength": 0.5, "ratio": 0.2}, {"strength": 0.5, "ratio": 1.0})

    def __post_init__(self) -> None:
        number("elastic: strength", self.strength, least=0)
        number("elastic: ratio", self.ratio, least=0, most=1)

    def value(self, W: Array) -> float:
        absolute, squares = np.abs(W).sum(dtype=np.float64), np.square(W, dtype=np.float64).sum()
        return self.strength * float(self.ratio * absolute + (1 - self.ratio) / 2 * squares)

    def add_gradient(self, W: Array, dW: Array) -> None:
        dW += self.strength * self.ratio * np.sign(W)
        dW += self.strength * (1 - self.ratio) * W
