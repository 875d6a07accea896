"""What becomes of the learning rate, epoch by epoch: scikit-learn's three rules, or a schedule of the shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.schedules import SCHEDULES, Schedule

SMALLEST = 1e-6  # where "adaptive" gives up, in scikit-learn


@dataclass
class Rule(Schedule):
    """The rate stays as it is, and where nothing improves any more, training ends: ``"constant"``."""

    value: float

    name = "rule"

    def rate(self, t: int, steps: int, peak: float) -> float:
        return self.value

    def epoch_ends(self, seen: int, row: Mapping[str, Any]) -> None:
        """``seen`` counts rows since the beginning; ``row`` is the epoch's row of the history."""

    def plateau(self) -> str | None:
        """What to say where nothing improved for long enough; None to go on at another rate."""
        return "Stopping."


@dataclass
class InverseScaling(Rule):
    """lr = start / (rows seen + 1)^power, anew after each epoch: ``"invscaling"``."""

    power: float
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.value

    def epoch_ends(self, seen: int, row: Mapping[str, Any]) -> None:
        self.value = self.start / (seen + 1) ** self.power


@dataclass
class Adaptive(Rule):
    """A fifth of the rate wherever training would end, until that is 1e-6: ``"adaptive"``."""

    def plateau(self) -> str | None:
        if self.value <= SMALLEST:
            return "Learning rate too small. Stopping."
        self.value /= 5.0
        return None


@dataclass
class Following(Rule):
    """A schedule of the shelf, over ``max_iter`` epochs."""

    schedule: Schedule
    state: dict[str, float] = field(init=False)
    share: float = 1.0

    def __post_init__(self) -> None:
        self.state = self.schedule.memory()
        self.monitor = self.schedule.monitor

    def rate(self, t: int, steps: int, peak: float) -> float:
        return self.schedule.rate(t, steps, self.value * self.share)

    def epoch_ends(self, seen: int, row: Mapping[str, Any]) -> None:
        self.share = self.schedule.observe(self.state, row)


def rule_of(spec: Any, solver: Any, start: float, power_t: float) -> Rule:
    """One of scikit-learn's three names, which its "adam" ignores, or a schedule of the shelf for any solver."""
    if spec == "constant" or (solver == "adam" and spec in ("invscaling", "adaptive")):
        return Rule(start)
    if spec == "invscaling":
        return InverseScaling(start, power_t)
    if spec == "adaptive":
        return Adaptive(start)
    return Following(start, SCHEDULES.make(spec))
