from __future__ import annotations

import numpy as np

from chainrule.activations import ACTIVATIONS
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("relu")
class Relu(Question):
    order = 10
    question = "What is the derivative of ReLU, max(0, z)?"
    choices = ("z where z > 0, else 0", "1 everywhere", "1 where z > 0, else 0", "a (1 - a)")
    right = 2
    answer = (
        "1 where z > 0 and 0 where z < 0: the gradient passes or it does not. At 0 there is none; one takes 0 "
        "there, as PyTorch does, and hardly any z is exactly 0."
    )

    def show(self) -> Shown:
        relu = ACTIVATIONS.make("relu")
        z, h = np.array([[-2.0, -0.1, 0.0, 0.1, 2.0]]), 1e-6
        slope = relu.backward(np.ones_like(z), z, relu.forward(z))
        differences = (np.maximum(z + h, 0) - np.maximum(z - h, 0)) / (2 * h)
        lines = [f"{'z':>6}{'slope':>8}{'differences':>14}"]
        lines += [
            "{:6.1f}{:8.1f}{:14.4f}".format(*row) for row in zip(z[0], slope[0], differences[0], strict=True)
        ]
        away = z != 0
        return Shown(
            tuple(lines),
            {
                "away from 0 it is 1 or 0, as differences find": bool(np.allclose(slope[away], differences[away])),
                "at 0, where differences find 1/2, it is taken as 0": bool((slope[~away] == 0).all()),
            },
        )
