"""What a training leaves behind for its doctor: every loss, and layers looked at every few steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.libraries import array, lenient
from chainrule.diagnosis.program import Running
from chainrule.diagnosis.sight import Dense, Look, ModuleSight
from chainrule.diagnosis.start_facts import rms

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
    """One look at the probe rows, by dense layer: rms and spread of z, shares of units dead and saturated.

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
class Record:
    """``losses`` of every step; the others now and then. ``stale`` counts backward passes that added to gradients
    which a step had already used."""

    losses: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    stale: int = 0
    unchanged: list[str] = field(default_factory=list)  # parameters that no step has moved


def check(t: int, look: Look) -> Check:
    """What a look at the probe rows shows, in figures."""
    found = Check(t, [], [], [], [], [], float(np.std(look.output, axis=0, dtype=np.float64).mean()))
    for layer in look.layers:
        dead = (
            layer.z.max(axis=0) <= 0 if layer.activation in ("relu", "relu6") else np.zeros(layer.z.shape[1], bool)
        )
        found.z.append(rms(layer.z))
        found.a.append(rms(layer.a))
        found.zeros.append(float((layer.a == 0).mean()))
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

    def before_update(self, running: Running) -> None:
        if self._first is None:
            self._first = {name: array(p).copy() for name, p in running.module.named_parameters()}
            self._look(running)
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
        if running.t == 10 and self._first is not None:
            now = running.module.named_parameters()
            self.record.unchanged = [n for n, p in now if np.array_equal(array(p), self._first[n])]

    def _look(self, running: Running) -> None:
        with lenient():
            look = ModuleSight(running.module).look(self.probe)
        if not self._layers:
            self._layers = look.layers
        self.record.checks.append(check(running.t, look))

    def epoch_end(self, running: Running) -> None:
        if self._score is not None:
            self.record.epochs.append(self._score(running))
