"""What stops hopeless runs: rungs that all runs climb together, or Optuna's, which looks after each epoch."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from chainrule.core.registry import Registry


class Pruner(ABC):
    """``in_step``: all runs reach a rung before any goes on, so the order of the workers changes nothing."""

    name: ClassVar[str]
    in_step: ClassVar[bool] = False

    def rungs(self) -> list[float]:
        """Shares of a run's epochs after which the worst are stopped; the last is 1. For those in step."""
        return [1.0]

    def survivors(self, runs: int) -> int:
        """How many of so many runs go on from a rung."""
        return runs

    def optuna(self) -> Any:
        """Optuna's pruner; None for those in step."""
        return None


PRUNERS: Registry[Pruner] = Registry("pruner", __name__, __file__)
