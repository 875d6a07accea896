"""Rung 3's questions: what a network without an activation answers, why, and what a ReLU changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

import chainrule as cr
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.studies.ladder import rung_3
from chainrule.studies.ladder.climb import STEPS, Curve, count_lines, timed

HIDDEN, RATE = 10, 1e-5
ASKED = ((111.0, -111.0), (1.0, 9.0), (8.0, 1.0), (1.0, 8.0))
LONG_RATE, LONG_STEPS = 3e-5, 20_000  # the linear network stands still by then; 1e-4 diverges from some seeds


@dataclass(frozen=True)
class Answers:
    """What came out; scores are (point, quadrant), of the linear network and of the one with a ReLU.

    ``one_matrix`` is what the linear network's two layers multiply to, and ``collapse`` the largest difference
    between its scores and those of that matrix. ``least`` is the smallest loss that any linear network can have on
    the twelve points, from least squares; ``long`` is after ``LONG_STEPS`` at ``LONG_RATE``, from the same start.
    """

    curve: Curve
    weights: dict[str, Array]
    one_matrix: Array
    collapse: float
    asked: Array
    right: Array
    scores: Array
    relu_scores: Array
    loss: float
    relu_loss: float
    least: float
    long_loss: float
    long_relu_loss: float
    long_scores: Array
    long_relu_scores: Array


def quadrants(steps: int = STEPS, seed: int = 0) -> Answers:
    """Train both networks from one starting point, and ask them."""
    data = cr.datasets.load("quadrants")
    x, y, asked = data.X.astype(float), np.eye(4)[data.y], np.array(ASKED)
    linear, relu = _Trained(x, y, RATE, steps, seed, False), _Trained(x, y, RATE, steps, seed, True)
    long, long_relu = (_Trained(x, y, LONG_RATE, LONG_STEPS, seed, activation) for activation in (False, True))

    w1, b1, w2, b2 = linear.parameters
    one = np.vstack([w1 @ w2, b1 @ w2 + b2])  # (3, 4): its last row is the bias
    ones = np.hstack([x, np.ones((len(x), 1))])
    best = np.linalg.lstsq(ones, y, rcond=None)[0]
    collapsed = np.hstack([asked, np.ones((4, 1))]) @ one
    return Answers(
        curve=linear.curve,
        weights={"w1": w1, "b1": b1, "w2": w2, "b2": b2},
        one_matrix=one,
        collapse=float(np.abs(linear.scores(asked) - collapsed).max()),
        asked=asked,
        right=np.array([_quadrant(point) for point in ASKED]),
        scores=linear.scores(asked),
        relu_scores=relu.scores(asked),
        loss=linear.loss(x, y),
        relu_loss=relu.loss(x, y),
        least=float(((ones @ best - y) ** 2).sum()),
        long_loss=long.loss(x, y),
        long_relu_loss=long_relu.loss(x, y),
        long_scores=long.scores(asked),
        long_relu_scores=long_relu.scores(asked),
    )


class _Trained:
    """A network after so many steps from the start that the seed gives."""

    def __init__(self, x: Array, y: Array, rate: float, steps: int, seed: int, activation: bool) -> None:
        rng = generator(seed, "ladder, rung 3")
        w1, b1, w2, b2 = (rng.standard_normal(shape) for shape in ((2, HIDDEN), (1, HIDDEN), (HIDDEN, 4), (1, 4)))
        self.parameters, self.activation = (w1, b1, w2, b2), activation
        lines = count_lines(rung_3.train) + count_lines(rung_3.forward)
        train = partial(rung_3.train, activation=activation)
        self.curve = timed(3, "NumPy", lines, train, (x, y, w1, b1, w2, b2, rate), steps)

    def scores(self, x: Array) -> Array:
        w1, b1, w2, b2 = self.parameters
        return np.asarray(rung_3.forward(x, w1, b1, w2, b2, self.activation)[1])

    def loss(self, x: Array, y: Array) -> float:
        return float(((self.scores(x) - y) ** 2).sum())


def _quadrant(point: tuple[float, float]) -> int:
    """Counted against the clock from the one where both coordinates are positive."""
    return {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[point[0] > 0, point[1] > 0]
