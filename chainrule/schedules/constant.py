from __future__ import annotations

from dataclasses import dataclass

from chainrule.schedules.base import SCHEDULES, Warmed


@SCHEDULES.register("constant")
@dataclass(frozen=True)
class Constant(Warmed):
    """lr(t) = peak."""

    curve_needs_steps = False

    def curve(self, t: int, steps: int, peak: float) -> float:
        return peak
