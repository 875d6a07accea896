from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

START, STEPS, RATE = -8.0, 5000, 1.0


@QUESTIONS.register("which_loss")
class WhichLoss(Question):
    order = 2
    question = "Which loss suits which task?"
    choices = (
        "squared error for all of them: it measures a distance",
        "cross-entropy for classes, binary cross-entropy for yes or no, squared error for quantities",
        "whichever gives the smallest number",
    )
    right = 1
    answer = (
        "Squared error for quantities, cross-entropy for one of several classes, binary cross-entropy for yes "
        "or no. Behind a sigmoid, squared error multiplies the gradient by the sigmoid's slope, which is nearly "
        "0 where the network is sure: sure and wrong, it hardly learns. Cross-entropy cancels that slope: its "
        "gradient is p - y."
    )

    def show(self) -> Shown:
        steps: dict[str, int | None] = {}
        lines = [f"one neuron, sure of no (z = {START:g}) where yes is right; rate {RATE:g}:"]
        for loss in ("binary_cross_entropy", "mean_squared_error"):
            net = cr.MLP([1, 1], output="sigmoid", dtype="float64", initializer="zeros")
            net.params["0.bias"][:] = START
            watch = _FirstRight()
            cr.fit(
                net, np.zeros((1, 1)), np.ones((1, 1)), loss=loss, optimizer=f"sgd:learning_rate={RATE}",
                epochs=STEPS, callbacks=[watch],
            )  # fmt: skip
            steps[loss] = watch.step
            told = f"{watch.step} steps to say yes" if watch.step else f"still no after {STEPS:,} steps"
            lines.append(f"{loss.replace('_', ' '):<22} first gradient {watch.gradient:+.5f}   {told}")
        cross, squared = steps["binary_cross_entropy"], steps["mean_squared_error"]
        return Shown(
            tuple(lines),
            {
                "cross-entropy turns the wrong answer round within 20 steps": cross is not None and cross <= 20,
                "squared error takes a hundred times as long, or longer": squared is None
                or squared > 100 * (cross or STEPS),
            },
        )


class _FirstRight(cr.Callback):
    """The first gradient, and the step after which the neuron says yes."""

    def __init__(self) -> None:
        self.gradient = 0.0
        self.step: int | None = None

    def on_step_end(self, trainer: Any) -> None:
        if trainer.state.t == 1:
            self.gradient = float(trainer.engine.grad["0.bias"][0])
        if trainer.network.params["0.bias"][0] > 0:
            self.step = trainer.state.t
            trainer.stop("right")
