from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import listed, number
from chainrule.schedules.base import SCHEDULES, Warmed


@SCHEDULES.register("multi_step")
@dataclass(frozen=True)
class MultiStep(Warmed):
    """lr(t) = peak factor^k, k the number of moments ``at`` that are past, each a share of all steps.

    As ``multi_step:at=[0.5,0.75],factor=0.1``, which is the default: He et al. 2016, ResNet on CIFAR-10.
    PyTorch's MultiStepLR with the moments in whole steps, at least one.
    """

    at: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        listed(self, "at")
        for moment in self.at:
            number("multi_step: at", moment, least=0, most=1)
        number("multi_step: factor", self.factor, above=0, most=1)

    def curve(self, t: int, steps: int, peak: float) -> float:
        falls = sum(t > max(1, round(moment * steps)) for moment in self.at)
        return peak * math.pow(self.factor, falls)
