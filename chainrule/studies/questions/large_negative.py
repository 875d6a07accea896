from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("large_negative")
class LargeNegative(Question):
    order = 18
    question = "What do large negative weights everywhere do to a ReLU network whose features are positive?"
    choices = (
        "the outputs become negative, and training corrects that",
        "every hidden unit is off for every row: the gradients of all weights are 0, and nothing is learned",
        "the gradients explode",
    )
    right = 1
    answer = (
        "Every z is below 0, so every ReLU says 0 and passes nothing back. The output no longer depends on the "
        "features; only the last bias still learns, and finds the best constant answer."
    )

    def show(self) -> Shown:
        rng = np.random.default_rng(0)
        X, y = rng.random((200, 10)), rng.integers(0, 3, 200)
        net = cr.MLP([10, 16, 16, 3], "relu", initializer="constant:value=-5", dtype="float64")
        before = {name: value.copy() for name, value in net.params.items()}
        z = X @ net.params["0.weight"].T
        cr.fit(net, X, y, loss="cross_entropy", optimizer="sgd:learning_rate=0.1", epochs=50)
        moved = [name for name, value in net.params.items() if not np.array_equal(value, before[name])]
        answers = np.ptp(net.logits(X), axis=0).max()
        lines = (
            f"largest z of the first layer before training: {z.max():.2f}",
            f"of {len(before)} arrays of parameters, training has moved: {', '.join(moved)}",
            f"largest difference between the outputs of two rows: {answers:g}",
        )
        return Shown(
            lines,
            {
                "every unit is off for every row": bool((z < 0).all()),
                "training moves the last bias and nothing else": moved == ["4.bias"],
                "the output does not depend on the features": bool(answers == 0),
            },
        )
