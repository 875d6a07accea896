"""The training loop: batches in random order, loss and gradient, an optimizer's step, again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.features import Features
from chainrule.core.kernels import log
from chainrule.core.types import Array
from chainrule.engine import Engine, blas_threads, choose, suited_threads
from chainrule.losses import Loss
from chainrule.metrics import Metric
from chainrule.network import Network
from chainrule.optimizers import FullBatch, Optimizer
from chainrule.regularizers import Regularizer
from chainrule.schedules import Schedule
from chainrule.training.accumulation import Accumulation
from chainrule.training.callbacks import Callback
from chainrule.training.checkpoints import Checkpoints
from chainrule.training.evaluation import NONE, Rows
from chainrule.training.history import History
from chainrule.training.rates import bound, multiples
from chainrule.training.recording import Recording
from chainrule.training.regularization import Regularization
from chainrule.training.replay import diverged, refuse_overflow
from chainrule.training.state import TrainingState
from chainrule.training.stream import Chunks
from chainrule.training.whole import minimize

EVEN: Mapping[str, float] = MappingProxyType({})
KEEP_EVERY = 100  # steps; a copy of weights and optimizer state costs under 1 % of that many


class Trainer:
    """One training of one network: ``fit`` makes it and calls ``run``; callbacks are given it.

    Public for callbacks: network, gear, threads, loss_function, optimizer, schedule, engine, state, history, rows,
    batch_size, accumulate, epochs, steps (of the whole training), loss (of the last step), seconds, failed, done
    and ``recording``, which names the columns of the history. Of a stream of unknown length steps are 0, and in
    the first epoch rows are. A callback may put a call into ``before_step``: it is given the step's learning rate
    when ``engine.grad`` is there and the optimizer has not yet read it.
    """

    def __init__(
        self,
        network: Network,
        x: Array | Features,
        target: Array,
        *,
        loss: Loss,
        optimizer: Optimizer,
        schedule: Schedule,
        batch_size: int,
        epochs: int,
        weight: Array | None = None,
        validation: Rows | None,
        metrics: Mapping[str, Metric] = NONE,
        regularizers: Iterable[Regularizer] = (),
        seed: int,
        shuffle: bool,
        callbacks: Iterable[Callback],
        engine: str = "auto",
        threads: int | None = None,
        accumulate: int = 1,
        learning_rates: Mapping[str, float] = EVEN,
        state: TrainingState | None = None,
        chunks: Chunks | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.network, self.loss_function = network, loss
        self.optimizer, self.schedule = optimizer, schedule
        self.batch_size, self.accumulate, self.shuffle = batch_size, accumulate, shuffle
        self.chunks, self.checkpoints = chunks, checkpoints
        self.rows = len(x) if chunks is None else chunks.rows
        theta, buffers = network.params.theta, network.buffers.theta
        fresh = state is None
        self.state = TrainingState(theta, buffers, optimizer, seed) if state is None else state
        self.epochs = self.state.epoch + epochs
        size = batch_size * accumulate
        a_pass = math.ceil(self.rows / size) if chunks is None else chunks.steps(size)
        self.steps = self.state.t + epochs * a_pass if a_pass else 0
        self.gear = choose(engine)
        log.info("engine: %s", self.gear)
        self.engine = Engine(
            network.core_modules(loss),
            network.params,
            loss,
            x,
            target,
            batch_size,
            weight=weight,
            buffers=network.buffers,
            rng=self.state.noise,
            gear=self.gear.name,
        )
        multiple = multiples(network, learning_rates)
        frozen = {name for name, factor in multiple.items() if not factor}
        self.regularization = Regularization(regularizers, network, self.engine, self.state, seed, frozen)
        self.recording = Recording(network, loss, Rows(x, target), validation, metrics, seed)
        self.threads = suited_threads(network.modules, batch_size) if threads is None else threads
        self._update = optimizer.fused if self.gear.name == "fused" else optimizer.step
        self.history = History()
        self.loss = math.nan
        self.seconds = 0.0
        self.failed = self.interrupted = False
        self._asked: str | None = None
        self.part = Rows(x, target, weight)
        if fresh:
            self.state.schedule = schedule.memory()
        self.follow_schedule()
        if schedule.monitor:
            self.recording.watched(schedule.monitor, f"{schedule.name}: monitor")
        self._scratch = optimizer.scratch_for(network.params.theta)
        self.callbacks = list(callbacks)
        self._step_callbacks = [c for c in self.callbacks if type(c).on_step_end is not Callback.on_step_end]
        self._bind(multiple)

    def follow_schedule(self) -> None:
        """Take the peak of the learning rate from what the schedule remembers."""
        self._peak = self.optimizer.learning_rate * self.state.schedule.get("share", 1.0)

    def _bind(self, multiple: Mapping[str, float]) -> None:
        """What a step looks up, made once: nothing of it costs where it isn't asked for."""
        moments = self.regularization
        keep, shorten = bound(self.network, multiple, self.engine.grad)
        self._on_batch = moments.on_batch
        self.before_step = moments.before_step
        self.before_step[:0] = keep
        self._after_step = [*shorten, *moments.after_step]
        mean = self.loss_function.reduction == "mean"
        self._parts = (
            Accumulation(self.engine, self.batch_size, mean, self.part.weight, self._on_batch)
            if self.accumulate > 1
            else None
        )
        if moments.averages("step"):
            self._after_step.append(self._average)
        # a batch of so many rows may be the data themselves
        self._uncopied = -1 if self._on_batch or self.chunks is not None else self.rows

    @property
    def done(self) -> int:
        """Rows of the chunks that this epoch has finished."""
        return self.state.sums.done

    def stop(self, reason: str) -> None:
        """End the training after the current step; ``reason`` goes into the history."""
        self.history.stopped = reason

    def interrupt(self, reason: str) -> None:
        """As ``stop``, but the training is not over: a checkpoint is kept that it can go on from."""
        self._asked = reason

    def _pause(self, row: int = 0) -> None:
        """Keep a checkpoint; end here if somebody asked to. ``row`` is where the next batch begins."""
        if self.checkpoints is not None and self.history.stopped is None:
            self.checkpoints.save(self, row)
        if self._asked is not None and self.history.stopped is None:
            self.interrupted, self.history.stopped = True, self._asked

    def run(self) -> History:
        """All epochs. Raises DivergenceError with the network at its last finite weights."""
        if not np.isfinite(self.state.theta).all():
            raise InputError(
                "the network's weights hold NaN or infinity; initialize it afresh with net.initialize()"
            )
        self.failed = True  # until it has not
        self.history.state = self.state
        self.regularization.resume()
        try:
            for callback in self.callbacks:
                callback.on_fit_start(self)
            if self.checkpoints is not None:
                self.checkpoints.begin(self)
            with np.errstate(all="ignore"), blas_threads(self.threads):
                if isinstance(self.optimizer, FullBatch):
                    minimize(self, self.optimizer)
                else:
                    while (self.state.within or self.state.epoch < self.epochs) and self.history.stopped is None:
                        self._epoch()
            if self.checkpoints is not None and not self.interrupted:
                self.checkpoints.finish(self)
            self.regularization.finish()
            self.failed = False
        finally:
            for callback in self.callbacks:
                callback.on_fit_end(self)
        return self.history

    def _epoch(self) -> None:
        state = self.state
        state.begin_epoch()
        self.since = time.perf_counter() - state.sums.seconds
        for part in (self.part,) if self.chunks is None else self.chunks.after(state.chunk):
            if self.chunks is not None:
                self._feed(part)
            self._pass(part)
            if self.history.stopped is not None:
                break
            state.chunk, state.row = state.chunk + 1, 0
        else:
            self.rows = self.done
        state.end_epoch()
        sums, seconds = state.sums, time.perf_counter() - self.since
        self.seconds += seconds
        mean = self.loss_function.reduction == "mean"
        loss = (sums.loss / sums.mass if sums.mass else 0.0) if mean else sums.loss
        self.record(loss, sums.rate, seconds, self.done)

    def _feed(self, rows: Rows) -> None:
        """Another chunk; the one before is let go."""
        self.part = rows
        self.engine.feed(*rows)
        if self._parts is not None:
            self._parts.weight = rows.weight

    def _pass(self, part: Rows) -> None:
        """All batches of these rows that the epoch has not yet learned from."""
        state, sums, weight, losses = self.state, self.state.sums, part.weight, self.history.steps
        rows, size = len(part.x), self.batch_size * self.accumulate
        # A full batch has one order only, and its rows need no copying; else each epoch draws a new order.
        order = state.order(rows, self.shuffle and size < rows)
        mean = self.loss_function.reduction == "mean"
        first = state.row
        for state.row in range(first, rows, size):
            if (state.row == first or state.t % KEEP_EVERY == 0) and not state.keep():
                diverged(self, order)
            batch = order[state.row : state.row + size]
            sums.rate = self.step(batch)
            if not math.isfinite(self.loss):
                diverged(self, order)
            share = len(batch) if weight is None else float(weight[batch].sum())
            sums.loss += self.loss * (share if mean else 1)
            sums.mass += share
            losses.append(self.loss)
            for callback in self._step_callbacks:
                callback.on_step_end(self)
            if self._asked is not None or (self.checkpoints is not None and self.checkpoints.due(self)):
                self._pause(state.row + size)
            if self.history.stopped is not None:
                break
        sums.done += min(state.row + size, rows)
        if not state.finite():
            diverged(self, order)

    def step(self, rows: Array) -> float:
        """One optimizer step on these rows; returns its learning rate. The loss is then in ``loss``."""
        state = self.state
        if self._parts is None:
            plan = self.engine.batch(None if len(rows) == self._uncopied else rows)
            for change in self._on_batch:
                change(plan)
            self.loss = plan.run()
        else:
            self.loss = self._parts.gradient(rows)
        state.t += 1
        rate = self.schedule.rate(state.t, self.steps, self._peak)
        for act in self.before_step:
            act(rate)
        self._update(state.theta, self.engine.grad.theta, state.optimizer, state.t, rate, self._scratch)
        for finish in self._after_step:
            finish()
        return rate

    def _average(self) -> None:
        self.regularization.average(self.state.t / self.steps if self.steps else 0.0)

    def end_step(self, loss: float) -> None:
        """Record the loss of a step, and tell the callbacks."""
        self.loss = loss
        self.history.steps.append(loss)
        for callback in self._step_callbacks:
            callback.on_step_end(self)

    def record(self, loss: float, rate: float, seconds: float, done: int) -> None:
        """The epoch's row of the history; ``done`` rows were learned from in ``seconds``."""
        if self.regularization.averages("epoch"):
            self._average()
        with self.regularization.averaged():
            row: dict[str, Any] = {"epoch": self.state.epoch, "loss": loss}
            if self.regularization.penalties:
                row["penalty"] = self.regularization.penalty()
            row.update(self.recording.scores())
            row.update(learning_rate=rate, seconds=seconds, rows_per_second=done / seconds if seconds else 0.0)
            self.history.rows.append(row)
            self._peak = self.optimizer.learning_rate * self.schedule.observe(self.state.schedule, row)
            for callback in self.callbacks:
                callback.on_epoch_end(self, row)
            refuse_overflow(self, row)
        if self.checkpoints is not None and not self.interrupted:
            self.checkpoints.after_epoch(self)
        if self._asked is not None:
            self._pause()
