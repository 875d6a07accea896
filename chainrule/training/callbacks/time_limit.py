from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.core.settings import number
from chainrule.training.callbacks.base import CALLBACKS, Callback

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


@CALLBACKS.register("time_limit")
@dataclass(eq=False)
class TimeLimit(Callback):
    """Stops after the first step that ends later than ``seconds`` after the training began.

    Where it stops depends on the machine, so such a training can't be repeated to the same bits. Of a training
    that was resumed only the time counts that it ran.
    """

    seconds: float = 60.0

    _end: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        number("time_limit: seconds", self.seconds, above=0)

    def on_fit_start(self, trainer: Trainer) -> None:
        self._end = time.perf_counter() + self.seconds

    def state(self) -> dict[str, Any]:
        return {"left": self._end - time.perf_counter()}

    def set_state(self, state: dict[str, Any]) -> None:
        self._end = time.perf_counter() + float(state["left"])

    def on_step_end(self, trainer: Trainer) -> None:
        if time.perf_counter() > self._end and trainer.history.stopped is None:
            trainer.stop(f"time_limit: {self.seconds:g} s")
