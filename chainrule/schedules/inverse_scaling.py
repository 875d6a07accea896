from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.schedules.base import SCHEDULES, Warmed


@SCHEDULES.register("inverse_scaling")
@dataclass(frozen=True)
class InverseScaling(Warmed):
    """lr(t) = peak / t^power.  Robbins & Monro 1951, who need 1/2 < power <= 1 for their proof.

    scikit-learn's ``learning_rate="invscaling"``, with the ``power_t`` of its MLPs. The one schedule that does
    not depend on how long the training is. t counts steps; scikit-learn's MLPs count the rows seen.
    """

    power: float = 0.5

    curve_needs_steps = False

    def __post_init__(self) -> None:
        super().__post_init__()
        number("inverse_scaling: power", self.power, least=0)

    def curve(self, t: int, steps: int, peak: float) -> float:
        return peak * math.pow(t, -self.power)
