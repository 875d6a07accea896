"""A callback that watches a training of ``cr.fit`` for its doctor, at a small share of its time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.errors import NotFittedError
from chainrule.core.types import Array
from chainrule.diagnosis.doctor import from_record
from chainrule.diagnosis.networks import module_of, program_of_rows
from chainrule.diagnosis.program import Running
from chainrule.diagnosis.record import Epoch, Record, Sample, check
from chainrule.diagnosis.report import Report
from chainrule.diagnosis.sight import NetworkSight
from chainrule.training import Callback

if TYPE_CHECKING:
    from chainrule.training import Trainer

PROBE = 512  # rows looked at
LOOKS = 40  # samples from one look at the units to the next
EARLY = 10  # steps of a short training after which they are looked at, too


class Recorder(Callback):
    """``cr.fit(..., callbacks=[recorder])``, then ``recorder.report()``.

    Every ``every`` steps it notes the size of gradients, weights and the step itself of each dense layer; at the
    start, every fortieth time and at the end what the units do on a fixed sample of the training rows. ``record``
    holds it all. The report also measures the start of the training on copies, which takes seconds.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self.record = Record()
        self._trainer: Trainer | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        self.record, self._trainer = Record(), trainer
        sample = trainer.recording.sample
        self._rows = (np.array(sample.x), np.array(sample.target))
        self._probe = self._rows[0][:PROBE]
        self._begin = {name: array.copy() for name, array in trainer.network.state_dict().items()}
        self._sight = NetworkSight(trainer.network, trainer.loss_function, trainer.engine.grad)
        self._layers = self._look(trainer)
        self._early = EARLY if trainer.steps < LOOKS * self.every else 0
        self._before = trainer.network.params.like()
        self._keep(trainer)

    def _keep(self, trainer: Trainer) -> None:
        """The weights before a step whose size is noted."""
        self._before.theta[:] = trainer.state.theta

    def _look(self, trainer: Trainer) -> Any:
        with np.errstate(all="ignore"):
            look = self._sight.look(self._probe)
            self.record.checks.append(check(trainer.state.t, look))
        return look.layers

    def on_step_end(self, trainer: Trainer) -> None:
        self.record.losses.append(trainer.loss)
        t = trainer.state.t
        if t % self.every == 0:
            self._sample(trainer, t)
        if t % (LOOKS * self.every) == 0 or t == self._early:
            self._look(trainer)
        if (t + 1) % self.every == 0:
            self._keep(trainer)

    def _sample(self, trainer: Trainer, t: int) -> None:
        moved = np.subtract(trainer.state.theta, self._before.theta, out=self._before.theta)
        assert moved is self._before.theta  # so that its views, by name, are of the step
        gradients = [_rms(layer.gradient) for layer in self._layers]
        weights = [_rms(layer.weight) for layer in self._layers]
        steps = [_rms(self._before[f"{layer.name}.weight"]) for layer in self._layers]
        ratios = [step / weight if weight else math.nan for step, weight in zip(steps, weights, strict=True)]
        self.record.samples.append(Sample(t, trainer.loss, gradients, weights, ratios))

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        main = next((row[name] for name in ("accuracy", "r2") if name in row), math.nan)
        self.record.epochs.append(
            Epoch(row["epoch"], row["loss"], float(main), row.get("validation_loss", math.nan))
        )

    def on_fit_end(self, trainer: Trainer) -> None:
        self._look(trainer)

    def report(self) -> Report:
        """What the rules say of the training that was watched."""
        if self._trainer is None:
            raise NotFittedError("this recorder has watched no training; pass it to fit as callbacks=[recorder]")
        trainer = self._trainer
        network, loss = trainer.network, trainer.loss_function
        program = program_of_rows(
            network, *self._rows, loss, trainer.optimizer, self._begin,
            batch_size=min(trainer.batch_size, len(self._rows[0])), epochs=trainer.epochs,
        )  # fmt: skip
        now = module_of(network, loss, network.state_dict())
        running = Running(program, now, program.optimizer, 0, trainer.state.t, len(trainer.history.rows))
        return from_record(program, self.record, running)


def _rms(values: Array | None) -> float:
    """Of one dtype throughout: a copy in float64 would take longer than the step."""
    if values is None or not values.size:
        return float("nan")
    flat = values.reshape(-1)
    return math.sqrt(float(np.dot(flat, flat)) / flat.size)
