from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Decay


@REGULARIZERS.register("weight_decay")
@dataclass(frozen=True)
class WeightDecay(Decay):
    """W <- (1 - lr strength) W before each step: decoupled from the gradient.  Loshchilov & Hutter 2019.

    For any optimizer. ``adamw`` and ``lion`` have a decay of their own, which takes the biases too.
    """

    strength: float = 0.01

    examples = ({}, {"strength": 0.5})

    def __post_init__(self) -> None:
        number("weight_decay: strength", self.strength, least=0)

    def shrink(self, W: Array, lr: float) -> None:
        W *= 1 - lr * self.strength
