from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.schedules.base import SCHEDULES, Warmed


@SCHEDULES.register("exponential")
@dataclass(frozen=True)
class Exponential(Warmed):
    """lr(t) = peak last^((t - 1) / (steps - 1)): by the same factor each step, to the share ``last`` of the peak.

    PyTorch's ExponentialLR with gamma = last^(1 / (steps - 1)). A training of one step has the peak.
    """

    last: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        number("exponential: last", self.last, above=0, most=1)

    def curve(self, t: int, steps: int, peak: float) -> float:
        return peak * math.pow(self.last, (t - 1) / max(steps - 1, 1))
