"""What a training does when it has diverged: it goes back and steps again with care."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from chainrule.core.errors import DivergenceError
from chainrule.core.types import Array

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


def diverged(trainer: Trainer, order: Array) -> NoReturn:
    """Go back to the moment last kept and step again with care, to the last weights that are finite."""
    state = trainer.state
    state.go_back()
    live = (state.theta, state.buffers)
    before = [array.copy() for array in live]
    phase, size = "update", trainer.batch_size * trainer.accumulate
    for start in range(state.row, len(order), size):
        for copy, array in zip(before, live, strict=True):
            copy[:] = array
        trainer.step(order[start : start + size])
        if not math.isfinite(trainer.loss):
            phase = "loss"
            break
        if not np.isfinite(state.theta).all():
            break
    for copy, array in zip(before, live, strict=True):
        array[:] = copy
    what = "the loss is not finite" if phase == "loss" else "the update makes weights that are not finite"
    raise DivergenceError(
        f"diverged at step {state.t} (epoch {state.epoch}): {what}. The last finite weights are kept. "
        f"Try a smaller learning rate than {trainer.optimizer.learning_rate:g}, or scale the data",
        step=state.t,
        phase=phase,
        history=trainer.history,
    )
