from __future__ import annotations

import numpy as np

from chainrule.losses import LOSSES
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("squared_error")
class SquaredError(Question):
    order = 8
    question = "What is the derivative of the squared error (z - y)^2 with respect to z?"
    choices = ("z - y", "2 (z - y)", "2 (y - z)", "(z - y)^2 / 2")
    right = 1
    answer = (
        "2 (z - y): twice the error, with its sign. An output that is too large has a positive derivative, so "
        "that subtracting it makes the output smaller. A mean over n k numbers divides it by n k."
    )

    def show(self) -> Shown:
        loss = LOSSES.make("mean_squared_error:reduction=sum")
        z, y, h = np.array([[3.0, 0.5, -1.0]]), np.array([[1.0, 0.5, 2.0]]), 1e-6
        _, gradient = loss.value_and_gradient(z, y)
        differences = ((z + h - y) ** 2 - (z - h - y) ** 2) / (2 * h)
        lines = [f"{'z':>6}{'y':>6}{'2 (z - y)':>12}{'the loss says':>16}{'differences':>14}"]
        rows = zip(z[0], y[0], 2 * (z - y)[0], gradient[0], differences[0] + 0.0, strict=True)
        lines += ["{:6.1f}{:6.1f}{:12.4f}{:16.4f}{:14.4f}".format(*row) for row in rows]
        return Shown(
            tuple(lines),
            {
                "2 (z - y) is what the loss gives back": bool(np.allclose(gradient, 2 * (z - y), rtol=1e-12)),
                "and what differences find": bool(np.allclose(differences, gradient, rtol=1e-6, atol=1e-9)),
            },
        )
