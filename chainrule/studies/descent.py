"""Gradient descent at one learning rate, watched: losses, curvature on the way, dead units, where it diverges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.errors import DivergenceError
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.losses import LOSSES
from chainrule.studies.curvature import sharpness

MOST_POINTS = 150  # of a curve that is kept
TAIL = 0.05  # share of the steps that the last loss is averaged over
BISECTIONS = 6  # of a factor of 2: 2^(1/64), about 1 %
DOUBLINGS = 12
USELESS = 0.95  # of the loss of a constant answer: what is above has learned nothing


@dataclass(frozen=True)
class Problem:
    """What is descended: a network as it starts, data, a loss, and the rows on which curvature is measured."""

    title: str
    sizes: tuple[int, ...]
    initializer: str | None
    loss: str
    X: Array
    y: Array
    batch_size: int | str
    epochs: int
    probe: tuple[Array, Array]
    seed: int
    test: tuple[Array, Array] | None = None

    def network(self, dtype: str = "float64") -> cr.Network:
        """The network before its first step."""
        return cr.MLP(self.sizes, "relu", initializer=self.initializer, seed=self.seed, dtype=dtype)

    @property
    def constant_loss(self) -> float:
        """The loss on the probe rows of the best answer that does not look at the features."""
        loss, answers = LOSSES.make(self.loss), np.asarray(self.probe[1])
        if loss.task == "classes":
            shares = np.bincount(answers, minlength=self.sizes[-1]) / len(answers)
            return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
        return float(answers.var(axis=0).mean())

    def curvature(self, net: cr.Network) -> float:
        """The largest eigenvalue of the Hessian over the probe rows, computed in float64."""
        twin = self.network()
        twin.params.theta[:] = net.params.theta
        return sharpness(twin, self.loss, *self.probe, generator(self.seed, "curvature"))


@dataclass(frozen=True)
class Descent:
    """One training at one rate.

    ``at`` and ``losses`` are some of the steps, from 1, and the batch's loss before each. ``curvature_at`` and
    ``curvatures`` are numbers of steps done and the largest eigenvalue then. ``diverged`` is the step at which
    the loss or the weights stopped being finite, or None. ``dead`` is the share of hidden units that are off for
    every probe row at the end, ``dead_at_start`` before the first step. ``constant`` is the loss of the best
    answer that does not look at the features.
    """

    rate: float
    at: tuple[int, ...]
    losses: tuple[float, ...]
    first: float
    last: float
    highest: float
    diverged: int | None
    curvature_at: tuple[int, ...]
    curvatures: tuple[float, ...]
    dead: float
    dead_at_start: float
    accuracy: float | None
    constant: float

    @property
    def outcome(self) -> str:
        """``diverged``, ``nothing`` learned that a constant answer does not know, or ``learns``."""
        if self.diverged is not None:
            return "diverged"
        return "learns" if self.last < USELESS * self.constant else "nothing"


class _Watch(cr.Callback):
    """Measures the curvature after given numbers of steps."""

    def __init__(self, problem: Problem, steps: int, looks: int) -> None:
        self.problem = problem
        self.moments = {0, *np.unique(np.geomspace(1, steps, max(looks - 1, 1)).astype(int)).tolist()}
        self.at: list[int] = []
        self.found: list[float] = []

    def look(self, step: int, net: cr.Network) -> None:
        if step in self.moments and np.isfinite(net.params.theta).all():
            value = self.problem.curvature(net)
            if np.isfinite(value):
                self.at.append(step)
                self.found.append(value)

    def on_fit_start(self, trainer: Any) -> None:
        self.look(0, trainer.network)

    def on_step_end(self, trainer: Any) -> None:
        self.look(trainer.state.t, trainer.network)


def descend(problem: Problem, rate: float, looks: int, dtype: str = "float64") -> Descent:
    """Train once at this rate, with ``looks`` measurements of the curvature."""
    net = problem.network(dtype)
    dead_at_start = dead_units(net, problem.probe[0])
    size = len(problem.X) if problem.batch_size == "full" else int(problem.batch_size)
    watch = _Watch(problem, problem.epochs * -(-len(problem.X) // size), looks)
    history, diverged = _train(net, problem, problem.X, problem.y, rate, size, problem.epochs, [watch])
    losses = np.array(history.steps)
    kept = np.unique(np.geomspace(1, len(losses), MOST_POINTS).astype(int))
    tail = max(1, round(TAIL * len(losses)))
    tested = problem.test is not None and diverged is None
    return Descent(
        rate=rate,
        at=tuple(kept.tolist()),
        losses=tuple(losses[kept - 1].tolist()),
        first=float(losses[0]),
        last=float("inf") if diverged else float(losses[-tail:].mean()),
        highest=float(losses.max()),
        diverged=diverged,
        curvature_at=tuple(watch.at),
        curvatures=tuple(watch.found),
        dead=dead_units(net, problem.probe[0]),
        dead_at_start=dead_at_start,
        accuracy=_accuracy(net, problem.test) if tested else None,
        constant=problem.constant_loss,
    )


def _accuracy(net: cr.Network, test: tuple[Array, Array] | None) -> float:
    assert test is not None
    return float((net.predict(test[0]) == test[1]).mean())


def _train(
    net: cr.Network,
    problem: Problem,
    X: Array,
    y: Array,
    rate: float,
    size: int,
    epochs: int,
    callbacks: list[Any],
) -> tuple[Any, int | None]:
    """The history, and the step at which it diverged or None."""
    try:
        history = cr.fit(
            net, X, y, loss=problem.loss, optimizer=f"sgd:learning_rate={rate}", batch_size=size, epochs=epochs,
            seed=problem.seed, callbacks=callbacks,
        )  # fmt: skip
    except DivergenceError as problem_found:
        return problem_found.history, problem_found.step
    return history, None


def dead_units(net: cr.Network, X: Array) -> float:
    """The share of the hidden ReLU units that are off for every row of X; 0 without hidden units."""
    off: list[Any] = []
    a = net.features(X)
    for i in range(0, len(net.modules) - 1, 2):
        with np.errstate(all="ignore"):
            z = a @ net.params[f"{i}.weight"].T + net.params[f"{i}.bias"]
        a = np.maximum(z, 0)
        off.append(~(z > 0).any(axis=0))
    return float(np.concatenate(off).mean()) if off else 0.0


def divergence_point(problem: Problem, guess: float, steps: int) -> float:
    """The smallest rate, to about 1 %, at which full-batch descent on the probe rows fails.

    It fails where the loss stops being finite or ends above where it began, and where a wild step has switched off
    more than half of the hidden units and left it no better than a constant answer.

    Looked for by doubling or halving ``guess`` until the answer changes, then by bisection on the logarithm.
    It is a boundary only as far as there is one: near it, descent may settle at a rate and fail at a smaller one.
    """

    def fails(rate: float) -> bool:
        net = problem.network("float32")
        history, diverged = _train(net, problem, *problem.probe, rate, len(problem.probe[0]), steps, [])
        if diverged is not None or not history.steps[-1] < history.steps[0]:
            return True
        useless = history.steps[-1] > USELESS * problem.constant_loss
        return useless and dead_units(net, problem.probe[0]) > 0.5

    good, bad = _bracket(fails, guess)
    for _ in range(BISECTIONS):
        middle = float(np.sqrt(good * bad))
        good, bad = (good, middle) if fails(middle) else (middle, bad)
    return bad


def _bracket(fails: Callable[[float], bool], guess: float) -> tuple[float, float]:
    """Two rates, one twice the other, of which the larger fails and the smaller does not."""
    rate, failing = guess, fails(guess)
    for _ in range(DOUBLINGS):
        following = rate / 2 if failing else rate * 2
        if fails(following) != failing:
            return (following, rate) if failing else (rate, following)
        rate = following
    return rate / 2, rate
