"""What a training leaves behind for its doctor: every loss, and layers looked at every few steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.data_facts import row_keys
from chainrule.diagnosis.libraries import array, lenient
from chainrule.diagnosis.program import Running
from chainrule.diagnosis.sight import Dense, Look, ModuleSight
from chainrule.diagnosis.start_facts import BATCH_ROWS, Line, line_of, rms

EPOCHS = 100  # scored at most
PROBED = (0.02, 0.05, 0.1, 0.2, 0.4)  # of all steps: where a line is probed
DECIDED = {"sigmoid": 0.0025, "tanh": 0.01}  # a hundredth of the largest derivative: 1/4, 1


@dataclass
class Sample:
    """One moment, by dense layer: rms of gradient, of weights, of the step over that of the weights."""

    t: int
    loss: float
    gradient: list[float]
    weight: list[float]
    update: list[float]


@dataclass
class Check:
    """One look at the probe rows, by dense layer: rms of z and a, shares of zeros in a, of dead and of saturated
    units.

    A unit is dead where its largest z over the rows is not above 0, under relu; saturated where its activation's
    derivative is below a hundredth of its largest on more than 90 % of the rows. ``out`` is the spread of the
    outputs over the rows. ``dead_units`` are the units themselves.
    """

    t: int
    z: list[float]
    a: list[float]
    zeros: list[float]
    dead: list[float]
    saturated: list[float]
    out: float
    dead_units: list[Array] = field(repr=False, default_factory=list)


@dataclass
class Epoch:
    epoch: int
    loss: float
    skill: float
    validation_loss: float = float("nan")
    validation_skill: float = float("nan")
    metric: float = float("nan")


@dataclass
class Born:
    """The first number that was not finite: in which step and phase, in which layer or row, and what came before.

    ``phase`` is "data", "forward", "loss", "backward" or "update".
    """

    t: int
    phase: str
    where: str
    row: int | None = None
    before: dict[str, float] = field(default_factory=dict)


@dataclass
class Record:
    """``losses`` of every step; the others now and then. ``stale`` counts backward passes that added to gradients
    which a step had already used."""

    losses: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    stale: int = 0
    unchanged: list[str] = field(default_factory=list)  # parameters with a gradient that no step has moved
    parted: float = 0.0  # share of rows whose target was another one in another epoch
    born: Born | None = None


def check(t: int, look: Look) -> Check:
    """What a look at the probe rows shows, in figures."""
    with np.errstate(all="ignore"):
        spread = float(np.std(look.output, axis=0, dtype=np.float64).mean())
    found = Check(t, [], [], [], [], [], spread)
    for layer in look.layers:
        dead = (
            layer.z.max(axis=0) <= 0 if layer.activation in ("relu", "relu6") else np.zeros(layer.z.shape[1], bool)
        )
        found.z.append(rms(layer.z))
        found.a.append(rms(layer.a))
        found.zeros.append(1.0 - np.count_nonzero(layer.a) / layer.a.size)
        found.dead.append(float(dead.mean()))
        found.saturated.append(_saturated(layer))
        found.dead_units.append(dead)
    return found


def _saturated(layer: Dense) -> float:
    if layer.activation not in DECIDED:
        return 0.0
    a = layer.a.astype(np.float64)
    slope = a * (1 - a) if layer.activation == "sigmoid" else 1 - a * a
    return float(((slope < DECIDED[layer.activation]).mean(axis=0) > 0.9).mean())


class ModuleWatcher:
    """Fills a Record from a running program: samples every ``every`` steps, checks every tenth sample."""

    def __init__(
        self, record: Record, probe: Array, every: int = 10, score: Callable[[Running], Epoch] | None = None
    ) -> None:
        self.record, self.probe, self.every, self._score = record, probe, every, score
        self._before: list[Array] = []
        self._grads: list[float] = []
        self._layers: list[Dense] = []
        self._first: dict[str, Array] | None = None
        self._pairs = Pairs()
        self._moments: frozenset[int] = frozenset()

    def before_update(self, running: Running) -> None:
        if self._first is None:
            self._first = {name: array(p).copy() for name, p in running.module.named_parameters()}
            self._look(running)
            steps = running.program.epochs * running.program.steps_an_epoch
            self._moments = frozenset(int(share * steps) for share in PROBED)
        if self.record.born is None and not finite_step(running):
            self.record.born = born(running)
        if running.epoch < 2:
            self.record.parted = self._pairs.add(running)
        t = running.t
        if t % self.every == 1 or self.every == 1:
            self._before = [layer.weight.copy() for layer in self._layers]
            self._grads = [rms(layer.gradient) for layer in self._layers]

    def after_update(self, running: Running) -> None:
        self.record.losses.append(running.loss)
        self.record.stale = running.stale
        if self._before:
            weights = [rms(before) for before in self._before]
            moved = [rms(layer.weight - b) for layer, b in zip(self._layers, self._before, strict=True)]
            ratio = [m / w if w else float("nan") for m, w in zip(moved, weights, strict=True)]
            self.record.samples.append(Sample(running.t, running.loss, self._grads, weights, ratio))
            self._before = []
        if running.t % (10 * self.every) == 0:
            self._look(running)
        if running.t in self._moments:
            self.record.lines.append(line_of(running, rows_to_probe(running)))
        if running.t == 10 and self._first is not None:
            now = running.module.named_parameters()
            self.record.unchanged = [n for n, p in now if _unmoved(running, p, self._first[n])]

    def _look(self, running: Running) -> None:
        with lenient():
            look = ModuleSight(running.module).look(self.probe)
        if not self._layers:
            self._layers = look.layers
        self.record.checks.append(check(running.t, look))

    def epoch_end(self, running: Running) -> None:
        every = max(1, running.program.epochs // EPOCHS)
        if self._score is not None and running.epoch % every == 0:
            self.record.epochs.append(self._score(running))


def _unmoved(running: Running, parameter: Any, first: Array) -> bool:
    """Whether it is as it was, though its gradient asks for more than the rounding of its numbers."""
    if parameter.grad is None or not np.array_equal(array(parameter), first):
        return False
    asked = running.program.learning_rate * rms(array(parameter.grad))
    return 1e-6 < asked / max(rms(first), 1e-6) < 1e6  # of larger ones the square overflows: no step follows


class Pairs:
    """Whether rows keep their targets from epoch to epoch: by a number for each row, of both."""

    def __init__(self) -> None:
        self._target: dict[int, int | None] = {}  # None where equal rows are there more than once
        self._seen = self._parted = 0

    def add(self, running: Running) -> float:
        """The share of rows met again that had another target before."""
        assert running.data is not None
        assert running.rows is not None
        X, y = running.data
        rows = running.rows
        keys = row_keys(np.asarray(X[rows], np.float64).reshape(len(rows), -1))
        targets = row_keys(np.asarray(y[rows], np.float64).reshape(len(rows), -1))
        for key, target in zip(keys.tolist(), targets.tolist(), strict=True):
            if running.epoch == 0:
                self._target[key] = None if key in self._target else target
            elif self._target.get(key) is not None:
                self._seen += 1
                self._parted += self._target[key] != target
        return self._parted / self._seen if self._seen else 0.0


def finite_step(running: Running) -> bool:
    """Whether loss and gradients are numbers."""
    return bool(np.isfinite(running.loss)) and all(
        p.grad is None or np.isfinite(array(p.grad)).all() for p in running.module.parameters()
    )


def born(running: Running) -> Born:
    """Where the first value that is not finite came into this step; the weights are those before its update."""
    assert running.data is not None
    assert running.rows is not None
    X, y = running.data[0][running.rows], running.data[1][running.rows]
    t = running.t
    for name, values in (("features", X), ("targets", y)):
        bad = ~np.isfinite(np.asarray(values, np.float64)).reshape(len(values), -1).all(axis=1)
        if bad.any():
            return Born(t, "data", name, int(running.rows[np.argmax(bad)]))
    for name, p in running.module.named_parameters():
        if not np.isfinite(array(p)).all():
            return Born(t - 1, "update", name, None, {"learning rate": running.program.learning_rate})
    look = running.look(X)
    for layer in look.layers:
        for what, values in (("takes", layer.z), ("gives", layer.a)):
            bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
            if bad.any():
                i = int(np.argmax(bad))
                before = {"largest input": _largest(layer.x[i]), "largest weight": _largest(layer.weight)}
                where = f"{layer.where}, what its activation {what}"
                return Born(t, "forward", where, int(running.rows[i]), before)
    if not np.isfinite(running.loss):
        return _born_in_loss(running, look.output, y)
    worst = next(
        name
        for name, p in running.module.named_parameters()
        if p.grad is not None and not np.isfinite(array(p.grad)).all()
    )
    return Born(t, "backward", worst, None, {"loss": running.loss, "largest output": _largest(look.output)})


def _born_in_loss(running: Running, output: Array, y: Array) -> Born:
    for i in range(len(y)):
        value = running.program.loss_of(output[i : i + 1], y[i : i + 1])
        if not np.isfinite(value):
            before = {"least output": float(output[i].min()), "largest output": float(output[i].max())}
            row = int(running.rows[i]) if running.rows is not None else i
            return Born(running.t, "loss", "the loss of one row", row, before)
    return Born(running.t, "loss", "the average over rows", None, {"largest output": _largest(output)})


def _largest(values: Array) -> float:
    return float(np.abs(values).max()) if values.size else 0.0


def rows_to_probe(running: Running) -> Array:
    """A batch, or 32 rows where a batch has fewer."""
    program = running.program
    size = min(program.rows, max(program.batch_size, BATCH_ROWS))
    return np.random.default_rng(running.t).choice(program.rows, size, replace=False)
