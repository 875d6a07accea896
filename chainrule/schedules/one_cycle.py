from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.schedules.base import SCHEDULES, Schedule


@SCHEDULES.register("one_cycle")
@dataclass(frozen=True)
class OneCycle(Schedule):
    """From peak / start up to the peak, then down to peak / start / end, along half cosines.  Smith & Topin 2017.

    Warm-up takes the share ``warm_up`` of all steps. Rates equal PyTorch's OneCycleLR with its defaults (and
    ``cycle_momentum=False``).
    """

    warm_up: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def __post_init__(self) -> None:
        number("one_cycle: warm_up", self.warm_up, least=0, most=1)
        number("one_cycle: start", self.start, above=0)
        number("one_cycle: end", self.end, above=0)

    def rate(self, t: int, steps: int, peak: float) -> float:
        low, last = peak / self.start, peak / self.start / self.end
        top = self.warm_up * steps - 1  # the step, from 0, at which the peak is reached
        now = t - 1
        if now <= top:
            return _half_cosine(low, peak, now / top if top > 0 else 1.0)
        return _half_cosine(peak, last, (now - top) / (steps - 1 - top))


def _half_cosine(a: float, b: float, share: float) -> float:
    return b + (a - b) / 2 * (1 + math.cos(math.pi * share))
