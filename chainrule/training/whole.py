"""Trainings over all rows at once: the optimizer looks for the minimum itself, an epoch is one of its iterations.

The row of an epoch has the loss of the weights after the iteration, not of weights still moving.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.types import Array
from chainrule.optimizers import FullBatch
from chainrule.regularizers import Regularizer
from chainrule.regularizers.base import Penalty
from chainrule.schedules import Schedule
from chainrule.schedules.base import Warmed
from chainrule.training.birth import births
from chainrule.training.replay import GRADIENT, LOSS, divergence

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


def check_whole(
    rule: FullBatch,
    batch_size: Any,
    schedule: Schedule,
    accumulate: int,
    multiples: Iterable[float],
    regularizers: Iterable[Regularizer],
) -> None:
    """Refuse, in one line, what has no meaning for an optimizer that finds its own steps over all rows."""
    other = next((thing.name for thing in regularizers if not isinstance(thing, Penalty)), None)
    problem = None
    if batch_size not in (None, "full"):
        problem = f'takes all rows at once; leave out batch_size, or say "full", not {batch_size!r:.40}'
    elif schedule.name != "constant" or (isinstance(schedule, Warmed) and schedule.warm_up):
        problem = f"finds the length of each step by itself; leave out the schedule {schedule.name}"
    elif accumulate > 1:
        problem = "takes all rows at once; leave out accumulate"
    elif any(multiple not in (0, 1) for multiple in multiples):
        problem = "has no learning rate to multiply; of learning_rates only 0, which freezes, is taken"
    elif other is not None:
        problem = f"minimizes the loss and penalties of weights; {other} is neither. Try l2, or the optimizer adam"
    if problem is not None:
        raise SettingError(f"{rule.name} {problem}")


def minimize(trainer: Trainer, rule: FullBatch) -> None:
    """Lower the loss over all rows, with its penalties, for the epochs of ``trainer``.

    The network then has the weights of the last iteration. Raises DivergenceError where the loss or its gradient
    is not finite, with the network at that of the iteration before, and SettingError where the network draws
    numbers in training, so that its loss is no function of the weights.
    """
    search = _Search(trainer)
    search.check()
    start = trainer.state.theta.astype(np.float64)
    ended = rule.minimize(search.value, start, trainer.epochs - trainer.state.epoch, search.watch)
    if not search.iterations:  # the start is a minimum
        search.watch(start, search.value(start)[0])
    search.put_back()
    if trainer.history.stopped is None and ended:
        trainer.stop(f"{rule.name}: {ended}")


class _Search:
    """The loss as a function of theta, and what a training records of the way."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._plan = trainer.engine.batch(None)
        self._last = [array.copy() for array in trainer.state.learned]
        self._since = time.perf_counter()
        self._evaluations = 0
        self.iterations = 0

    def check(self) -> None:
        """Refuse dropout and the like."""
        draws = self._trainer.state.noise.bit_generator
        before = draws.state
        self._plan.run()
        if draws.state != before:
            draws.state = before
            self.put_back()
            raise SettingError(
                f"{self._trainer.optimizer.name} needs a loss that stays the same for the same weights, and a "
                "layer of this network draws numbers in training; leave out dropout, or try adam"
            )
        self.put_back()

    def put_back(self) -> None:
        """The weights and buffers of the last iteration; the search may have gone on from there in vain."""
        for array, last in zip(self._trainer.state.learned, self._last, strict=True):
            array[:] = last

    def value(self, point: Array) -> tuple[float, Array]:
        """The loss with its penalties at a point, and the gradient, in float64."""
        trainer = self._trainer
        trainer.state.theta[:] = point
        loss = self._plan.run()
        for act in trainer.before_step:
            act(trainer.optimizer.learning_rate)
        gradient = trainer.engine.grad.theta.astype(np.float64)
        self._evaluations += 1
        if not (math.isfinite(loss) and np.isfinite(gradient).all()):
            trainer.state.learned[1][:] = self._last[1]
            birth = next(births(trainer, None, update=False), None)
            self.put_back()
            advice = "Try to scale the data, or a larger penalty such as l2"
            state, what = trainer.state, GRADIENT if math.isfinite(loss) else LOSS
            raise divergence(trainer, state.t + 1, state.epoch + 1, what, birth, advice)
        return float(loss) + trainer.regularization.penalty(), gradient

    def watch(self, point: Array, value: float) -> bool:
        """After an iteration: keep its weights, record it, and say whether the search goes on."""
        trainer = self._trainer
        trainer.state.theta[:] = point
        self._last = [array.copy() for array in trainer.state.learned]
        self.iterations += 1
        trainer.state.t += 1
        trainer.state.epoch += 1
        trainer.end_step(value - trainer.regularization.penalty())
        now = time.perf_counter()
        seconds, self._since = now - self._since, now
        trainer.seconds += seconds
        trainer.record(trainer.loss, trainer.optimizer.learning_rate, seconds, trainer.rows * self._evaluations)
        self._evaluations = 0
        return trainer.history.stopped is None
