"""Measured in seconds before the first epoch: scales, gradients, the first steps, one batch learned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.libraries import array, lenient, library, looking, tensor
from chainrule.diagnosis.loss_facts import of_pairs
from chainrule.diagnosis.program import Program, Running
from chainrule.diagnosis.tasks import Task, skill

LENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # of the program's own step
BATCH_STEPS = 200
BATCH_ROWS = 32
SECONDS = 3.0  # for one batch of a large network, and then no fewer than
LEAST_STEPS = 50


@dataclass
class Line:
    """The loss of some rows along the step the program takes on them: at 0, then at each of ``LENGTHS`` times it.

    ``predicted`` is the decrease that the gradient promises for length 1.
    """

    t: int
    at_zero: float
    losses: tuple[float, ...]
    predicted: float

    @property
    def best(self) -> float:
        """The length at which the loss was least; 0 where none lowered it."""
        values = np.where(np.isfinite(self.losses), self.losses, np.inf)
        i = int(np.argmin(values))
        return LENGTHS[i] if values[i] < self.at_zero else 0.0


@dataclass
class StartFacts:
    """What could not be measured is NaN or empty.

    ``loss`` of the probe rows. ``shapes`` of prediction and target of these rows; ``stretched`` whether the loss
    then sets each prediction against every target, None where that wasn't tried. ``gradients`` rms by dense layer;
    ``doubled`` the loss of a batch given twice over its loss. ``downhill`` the cosine between the first step and
    the negative gradient. ``checked`` the largest relative error of gradients against differences, ``checked_at``
    where. ``one_batch`` skill after ``BATCH_STEPS`` steps of Adam on one batch.
    """

    loss: float = float("nan")
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    stretched: bool | None = None
    gradients: list[float] = field(default_factory=list)
    doubled: float = float("nan")
    downhill: float = float("nan")
    checked: float = float("nan")
    checked_at: str = ""
    lines: list[Line] = field(default_factory=list)
    one_batch: float = float("nan")
    problem: Exception | None = None


def start_facts(program: Program, task: Task, cut: float) -> StartFacts:
    """Every measurement that can be had; an error of the program's own ends them and is kept."""
    facts = StartFacts()
    X, y = program.some(512)
    try:
        with lenient():
            running = program.start()
            out = running.outputs_of(X)
            facts.shapes = (out.shape, y.shape)
            facts.stretched = _stretched(program, out, y)
            facts.loss = running.gradient(X, y)
            facts.gradients = [
                rms(layer.gradient) for layer in running.look(X[:1]).layers if layer.gradient is not None
            ]
            batch = program.some(min(program.batch_size, program.rows), seed=1)
            facts.doubled = _doubled(running, *batch)
            facts.downhill = _downhill(program)
            facts.checked, facts.checked_at = _check(program)
            facts.lines = lines(program)
            facts.one_batch = _one_batch(program, task, cut)
    except Exception as problem:  # the user's program: whatever it raises is a finding
        facts.problem = problem
    return facts


def _stretched(program: Program, out: Array, y: Array) -> bool | None:
    """Whether a loss of as many outputs as targets, in other shapes, sets each output against every target.

    Not where it is a known formula of the pairs, and not where the shapes make no difference to it.
    """
    if out.shape == y.shape or out.size != y.size:
        return None
    guess = np.random.default_rng(program.seed).uniform(0.1, 0.9, out.shape).astype(out.dtype)
    try:
        as_written = program.loss_of(guess, y)
        if of_pairs(as_written, guess, y):
            return False
        as_meant = program.loss_of(guess, y.reshape(out.shape))
    except Exception:  # a loss that refuses one of them says so in training
        return None
    return not abs(as_written - as_meant) <= 1e-5 * abs(as_meant)


def rms(values: Array | None) -> float:
    if values is None or not values.size:
        return float("nan")
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _doubled(running: Running, X: Array, y: Array) -> float:
    out = running.outputs_of(X)
    once = running.program.loss_of(out, y)
    twice = running.program.loss_of(np.concatenate([out, out]), np.concatenate([y, y]))
    return twice / once if once else float("nan")


def _flat(parameters: list[Array]) -> Array:
    return np.concatenate([p.reshape(-1) for p in parameters]).astype(np.float64)


def _weights(running: Running) -> Array:
    return _flat([array(p) for p in running.module.parameters()])


def _gradients(running: Running) -> Array:
    return _flat([np.zeros(p.shape) if p.grad is None else array(p.grad) for p in running.module.parameters()])


def _downhill(program: Program) -> float:
    """cos(step, -gradient) of the first step; below 0 the program climbs."""
    running = program.start()
    rows = np.arange(min(program.rows, program.batch_size))
    before = _weights(running)
    running.step(rows)
    gradient, step = _gradients(running), _weights(running) - before
    length = np.linalg.norm(gradient) * np.linalg.norm(step)
    return float(-(gradient @ step) / length) if np.isfinite(length) and length > 0 else float("nan")


def _check(program: Program, weights: int = 80) -> tuple[float, str]:
    """Central differences in float64 of random weights, of each array some, against backward; kinks are left out.

    A weight's difference counts where it is the same to both sides: elsewhere the loss has a kink, as relu at 0.
    """
    running = program.start()
    running.module.double()
    wide = program.changed(module=running.module, optimizer=running.optimizer).start()
    X, y = program.some(32)
    X = X.astype(np.float64) if X.dtype.kind == "f" else X
    y = y.astype(np.float64) if y.dtype.kind == "f" else y
    # What differences in float64 can't tell from 0: rounding of the loss over their distance, many times over
    here = wide.gradient(X, y)
    noise = 1e-6 * max(abs(here), 1e-6)
    rng, worst, where = np.random.default_rng(program.seed), 0.0, ""
    named = [(name, p) for name, p in wide.module.named_parameters() if p.grad is not None]
    each = max(1, min(10, weights // max(len(named), 1)))
    for name, parameter in named:
        values, gradient = array(parameter).reshape(-1), array(parameter.grad).reshape(-1).copy()
        scale = max(rms(gradient), noise)
        for i in rng.choice(values.size, min(each, values.size), replace=False):
            found = _difference(wide, X, y, values, int(i), here)
            if found is not None:
                error = abs(found - gradient[i]) / max(abs(found) + abs(gradient[i]), scale)
                if error > worst:
                    worst, where = float(error), f"{name}[{i}]"
    return worst, where


def _difference(running: Running, X: Array, y: Array, values: Array, i: int, here: float) -> float | None:
    """The slope along one weight where the loss is ``here``; None at a kink, where left and right differ."""
    kept, h = values[i], 1e-5 * max(1.0, abs(float(values[i])))
    ends = []
    for side in (h, -h):
        values[i] = kept + side
        ends.append(_loss_of(running, X, y))
    values[i] = kept
    right, left = (ends[0] - here) / h, (here - ends[1]) / h
    return (
        (left + right) / 2
        if abs(right - left) <= 1e-3 * (abs(left) + abs(right)) + 1e-9 * max(1.0, abs(here))
        else None
    )


def _loss_of(running: Running, X: Array, y: Array) -> float:
    with lenient(), looking(running.module):
        return float(
            array(running.program.loss(running.module(tensor(X, running.module)), tensor(y, running.module)))
        )


def lines(program: Program, at: tuple[int, ...] = (0, 2, 5, 10, 20)) -> list[Line]:
    """The line probe, after so many steps of the program, on a batch, or on 32 rows where a batch has fewer: of
    one row a step of any length makes the loss less."""
    running, found = program.start(), []
    rng = np.random.default_rng(program.seed)
    size = min(program.rows, max(program.batch_size, BATCH_ROWS))
    for t in range(max(at) + 1):
        rows = rng.choice(program.rows, size, replace=False)
        if t in at:
            found.append(line_of(running, rows))
        running.step(rows)
    return found


def late_lines(running: Running, probes: int = 5) -> list[Line]:
    """The line probe where a training has ended, on several batches."""
    rng = np.random.default_rng(running.seed)
    size = min(running.program.rows, max(running.program.batch_size, BATCH_ROWS))
    with lenient():
        return [line_of(running, rng.choice(running.program.rows, size, replace=False)) for _ in range(probes)]


def line_of(running: Running, rows: Array) -> Line:
    """Along the step that the program would take next; after its last one, along one of the full rate."""
    assert running.data is not None
    X, y = running.data[0][rows], running.data[1][rows]
    program = running.program
    steps = program.epochs * program.steps_an_epoch
    factor = 1.0 if program.schedule is None or running.t >= steps else program.schedule(running.t + 1, steps)
    twin = running.copy_at(factor)
    at_zero = twin.gradient(X, y)
    gradient, before = _gradients(twin), [array(p).copy() for p in twin.module.parameters()]
    twin.step(rows)
    moves = [array(p) - old for p, old in zip(twin.module.parameters(), before, strict=True)]
    losses = []
    for length in LENGTHS:
        for p, old, move in zip(twin.module.parameters(), before, moves, strict=True):
            array(p)[...] = old + length * move
        losses.append(_loss_of(twin, X, y))
    return Line(running.t, at_zero, tuple(losses), float(-(gradient @ _flat(moves))))


def _one_batch(program: Program, task: Task, cut: float) -> float:
    """Adam at 1e-2 on a few rows, dropout off: what cannot learn these cannot learn anything."""
    running = program.start()
    X, y = program.some(BATCH_ROWS, seed=2)
    adam = library(program.module).optim.Adam(running.module.parameters(), lr=1e-2)
    until = time.perf_counter() + SECONDS
    for t in range(BATCH_STEPS):
        if t >= LEAST_STEPS and time.perf_counter() >= until:
            break
        running.gradient(X, y)
        adam.step()
    return skill(task, running.outputs_of(X), y, cut)
