from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.schedules.base import SCHEDULES, Warmed


@SCHEDULES.register("step")
@dataclass(frozen=True)
class Step(Warmed):
    """lr(t) = peak factor^k, k the number of falls so far: one after each share ``every`` of all steps.

    Three falls unless told otherwise, at 30, 60 and 90 %, as for ResNet on ImageNet (He et al. 2016). PyTorch's
    StepLR with ``step_size`` the share in whole steps, at least one.
    """

    every: float = 0.3
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        number("step: every", self.every, above=0, most=1)
        number("step: factor", self.factor, above=0, most=1)

    def curve(self, t: int, steps: int, peak: float) -> float:
        size = max(1, round(self.every * steps))
        return peak * math.pow(self.factor, (t - 1) // size)
