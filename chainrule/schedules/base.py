"""What a schedule is: the learning rate of each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chainrule.core.registry import Registry


class Schedule(ABC):
    """lr(t) for step t = 1 ... steps, from the optimizer's learning rate ``peak``."""

    name: ClassVar[str]

    @abstractmethod
    def rate(self, t: int, steps: int, peak: float) -> float:
        """The learning rate of step ``t``."""


SCHEDULES: Registry[Schedule] = Registry("schedule", __name__, __file__)
