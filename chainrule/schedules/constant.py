from __future__ import annotations

from dataclasses import dataclass

from chainrule.schedules.base import SCHEDULES, Schedule


@SCHEDULES.register("constant")
@dataclass(frozen=True)
class Constant(Schedule):
    """lr(t) = peak."""

    def rate(self, t: int, steps: int, peak: float) -> float:
        return peak
