from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.types import Array
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

STEPS, ABOVE = 100, 1.02  # the rate is so many times 2 / lambda


@QUESTIONS.register("oscillation")
class Oscillation(Question):
    order = 14
    question = "The loss falls for ten steps and then oscillates. Why?"
    choices = (
        "the data have run out",
        "the gradient has vanished",
        "along the steepest direction the rate is too large: the flat ones still gained, now that one swings",
    )
    right = 2
    answer = (
        "A loss has many directions. Along the flat ones a large rate is welcome, and they bring the loss down "
        "at first. Along the steepest the rate is above 2 / lambda (or just below): each step lands on the "
        "other side, as far out as before or further, and once the rest is gone that is all one sees. Halve the "
        "rate."
    )

    def show(self) -> Shown:
        rng = np.random.default_rng(0)
        X = rng.standard_normal((200, 2)) * (5.0, 1.0)
        X -= X.mean(axis=0)
        y = X @ [[0.01], [2.0]]  # nearly right along the steep direction, wrong along the flat one
        H = 2 * X.T @ X / len(X)
        values, vectors = np.linalg.eigh(H)
        limit = 2 / values[-1]
        rough, steep = self._train(X, y, ABOVE * limit, vectors[:, -1])
        calm, _ = self._train(X, y, 0.5 * limit, vectors[:, -1])
        moments = (0, 10, 20, 50, STEPS - 2, STEPS - 1)
        lines = [
            f"least squares; lambda {values[-1]:.3g} along the steepest direction, {values[0]:.3g} the flattest",
            f"{'step':<32}" + "".join(f"{m:>7}" for m in moments),
            f"{'loss at ' + f'{ABOVE:g} * 2 / lambda':<32}" + "".join(f"{rough[m]:7.3f}" for m in moments),
            f"{'weight, steepest, from its best':<32}" + "".join(f"{steep[m]:7.3f}" for m in moments),
            f"{'loss at half that rate':<32}" + "".join(f"{calm[m]:7.3f}" for m in moments),
        ]
        signs = np.sign(steep[1:] * steep[:-1])
        low = int(np.argmin(rough))
        return Shown(
            tuple(lines),
            {
                "the loss falls first": bool((np.diff(rough[:11]) < 0).all()),
                "along the steepest direction the weight changes sign at every step": bool((signs < 0).all()),
                "later the loss rises again": rough[-1] > 2 * rough[low] and low < STEPS - 10,
                "at a smaller rate it keeps falling": bool((np.diff(calm) <= 0).all()),
            },
        )

    def _train(self, X: Array, y: Array, rate: float, direction: Array) -> tuple[Array, Array]:
        """The loss before each step, and how far the weights are from the best along a direction."""
        net = cr.Network([cr.layers.Dense(2, 1)], initializer="zeros", dtype="float64")
        best = np.linalg.lstsq(X, y, rcond=None)[0][:, 0]
        watch = _Along(direction, best)
        history = cr.fit(
            net, X, y, loss="mean_squared_error",
            optimizer=f"sgd:learning_rate={rate}", batch_size="full", epochs=STEPS, callbacks=[watch],
        )  # fmt: skip
        return np.array(history.steps), np.array(watch.found)


class _Along(cr.Callback):
    def __init__(self, direction: Array, best: Array) -> None:
        self.direction, self.best = direction, best
        self.found: list[float] = []

    def on_step_end(self, trainer: Any) -> None:
        self.found.append(float((trainer.network.params["0.weight"][0] - self.best) @ self.direction))
