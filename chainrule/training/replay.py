"""What a training does when it has diverged: it goes back, steps again, and takes the failing step apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule.core.errors import DivergenceError
from chainrule.core.types import Array
from chainrule.training.birth import births
from chainrule.training.evaluation import Rows, score
from chainrule.training.passes import Birth, Looking, Passes

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

LOSS = "the loss is not finite"
GRADIENT = "the gradient is not finite"
WEIGHTS = "the update makes weights that are not finite"
STATISTICS = "running statistics are not finite"


def diverged(trainer: Trainer, order: Array) -> NoReturn:
    """Go back to the moment last kept and step again, to the last weights that are finite, and say what came then.

    Generators draw again what they drew, so dropout drops the same.
    """
    state, size = trainer.state, trainer.batch_size * trainer.accumulate
    state.go_back()
    rows, failed, what = order, False, WEIGHTS
    for start in range(state.row, len(order), size):
        rows, state.row = order[start : start + size], start
        state.keep()
        trainer.step(rows)
        failed = not math.isfinite(trainer.loss) or not state.finite()
        if failed:
            break
    step, birth = state.t, None
    if failed:
        if not math.isfinite(trainer.loss):
            what = LOSS
        elif np.isfinite(state.theta).all():
            what = STATISTICS
        state.go_back()
        birth = next(births(trainer, rows), None)
        state.go_back()
        state.t = step
    advice = f"Try a smaller learning rate than {trainer.optimizer.learning_rate:g}, or scale the data"
    raise divergence(trainer, step, state.epoch, what, birth, advice)


def divergence(
    trainer: Trainer, step: int, epoch: int, what: str, birth: Birth | None, advice: str
) -> DivergenceError:
    """The error, which says where the first number was born that is not finite."""
    where = "" if birth is None else f", first in {birth}"
    found = Birth({LOSS: "loss", GRADIENT: "backward"}.get(what, "update"), "", "") if birth is None else birth
    return DivergenceError(
        f"diverged at step {step} (epoch {epoch}): {what}{where}. The last finite weights are kept. {advice}",
        step=step,
        epoch=epoch,
        phase=found.phase,
        layer=found.layer,
        name=found.name or None,
        row=found.row,
        values=found.values,
        history=trainer.history,
    )


def refuse_overflow(trainer: Trainer, row: Mapping[str, Any]) -> None:
    """After an epoch: DivergenceError where the loss of the validation rows is not finite.

    A metric that is not finite, as that of a constant answer may be, stays in the history.
    """
    value = row.get("validation_loss", 0.0)
    if math.isfinite(value):
        return
    network, loss, recording = trainer.network, trainer.loss_function, trainer.recording
    assert recording.validation is not None
    birth = next(_in_prediction(trainer, recording.validation), None)
    found = Birth("validation", loss.name, "") if birth is None else birth
    training = score(network, loss, recording.sample)["loss"]
    rate = trainer.optimizer.learning_rate
    also = (
        "That of the training rows is finite; look for a validation row far from all that was trained on"
        if math.isfinite(training)
        else f"Nor is that of the training rows; try a smaller learning rate than {rate:g}"
    )
    raise DivergenceError(
        f"after epoch {trainer.state.epoch} the loss of the validation rows is not finite"
        f"{'' if birth is None else f', first in {birth}'}. {also}",
        step=trainer.state.t,
        epoch=trainer.state.epoch,
        phase="validation",
        layer=found.layer,
        name=found.name,
        row=found.row,
        values=found.values,
        history=trainer.history,
    )


def _in_prediction(trainer: Trainer, rows: Rows) -> Looking[None]:
    network, loss = trainer.network, trainer.loss_function
    passes = Passes(network.core_modules(loss), network.params, network.buffers, np.arange(len(rows.x)))
    logits = yield from passes.forward(rows.x, None)
    yield from passes.loss(loss, logits, rows.target, rows.weight)
