"""What a schedule is: the learning rate of each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chainrule.core.errors import SettingError
from chainrule.core.registry import Registry
from chainrule.core.settings import nearest, number


class Schedule(ABC):
    """lr(t) for step t = 1 ... steps, from the optimizer's learning rate ``peak``.

    Moments are shares of all steps and rates are shares of the peak, so that a schedule means the same
    whatever the number of epochs and the batch size.

    A schedule that reads how the training goes keeps what it remembers in a ``state`` of plain numbers: after each
    epoch ``observe`` reads the epoch's row of the history, changes the state in place and returns the share of the
    optimizer's learning rate that is the peak from then on.
    """

    name: ClassVar[str]
    monitor: str = ""  # "loss" or a metric, where it reads one

    @property
    def needs_steps(self) -> bool:
        """Whether a rate depends on how many steps there will be."""
        return True

    @abstractmethod
    def rate(self, t: int, steps: int, peak: float) -> float:
        """The learning rate of step ``t``; ``steps`` is 0 where nobody knows, unless it ``needs_steps``."""

    def memory(self) -> dict[str, float]:
        """The state before the first epoch."""
        return {}

    def observe(self, state: dict[str, float], row: Mapping[str, Any]) -> float:
        """The share in [0, 1] for the epochs to come. A row with validation rows has "validation_loss" too."""
        return 1.0


@dataclass(frozen=True)
class Warmed(Schedule):
    """A schedule with a linear warm-up before it: peak / (w + 1), 2 peak / (w + 1) ..., for w steps.

    w is the share ``warm_up`` of all steps; the schedule proper, ``curve``, has the others to itself.

    Warm-up is a setting of every schedule, as it is of one_cycle, and not a schedule around another: the name
    of one thing among the settings of another would need a notation of its own on the command line.
    """

    warm_up: float = field(default=0.0, kw_only=True)

    curve_needs_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        number(f"{self.name}: warm_up", self.warm_up, least=0, most=1)

    @property
    def needs_steps(self) -> bool:
        return self.curve_needs_steps or self.warm_up > 0

    def rate(self, t: int, steps: int, peak: float) -> float:
        warm = round(self.warm_up * steps)
        if t <= warm:
            return peak * (t / (warm + 1))
        return self.curve(t - warm, steps - warm, peak)

    @abstractmethod
    def curve(self, t: int, steps: int, peak: float) -> float:
        """The learning rate of step ``t`` of the ``steps`` after the warm-up."""


def watched(schedule: str, row: Mapping[str, Any], monitor: str) -> float:
    """A number of the row: "loss" or a metric, on the validation rows if there are any."""
    for column in (f"validation_{monitor}", monitor):
        if column in row:
            return float(row[column])
    raise SettingError(f"{schedule}: monitor is {monitor!r:.60}, which the history lacks.{nearest(monitor, row)}")


SCHEDULES: Registry[Schedule] = Registry("schedule", __name__, __file__)
