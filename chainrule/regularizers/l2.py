from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Penalty


@REGULARIZERS.register("l2")
@dataclass(frozen=True)
class L2(Penalty):
    """strength / 2 sum W^2.  Hoerl & Kennard 1970 (ridge regression); Krogh & Hertz 1992.

    It is added to the loss of each batch and does not depend on the number of rows: ``weight_decay`` of PyTorch's
    SGD and Adam is this strength (over biases too, there); Nielsen's lambda is n strength for n training rows,
    scikit-learn's ``alpha`` the batch size times it. Under Adam the penalty goes through the averages and shrinks
    least the weights with the largest gradients; weight_decay goes past them.
    """

    strength: float = 1e-4

    examples = ({}, {"strength": 0.5})

    def __post_init__(self) -> None:
        number("l2: strength", self.strength, least=0)

    def value(self, W: Array) -> float:
        return self.strength / 2 * float(np.square(W, dtype=np.float64).sum())

    def add_gradient(self, W: Array, dW: Array) -> None:
        dW += self.strength * W
