from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.core.errors import ShapeError
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("first_shape")
class FirstShape(Question):
    order = 16
    question = "784 features meet 128 units. Which shape has W1, stored as z = x W1^T + b1 wants it?"
    choices = ("(784,)", "(128, 784)", "(128, 10)", "(784, 784)")
    right = 1
    answer = (
        "(128, 784): a row for each unit, a column for each feature, as PyTorch stores it. (Written z = x W1 "
        "with samples as rows it is the transpose, (784, 128).) The inner sizes of a product must agree."
    )

    def show(self) -> Shown:
        net = cr.MLP([784, 128, 10])
        shape = net.params["0.weight"].shape
        z = np.zeros((5, 784)) @ np.zeros(shape).T
        try:
            net.logits(np.zeros((5, 100)))
            refused = ""
        except ShapeError as problem:
            refused = str(problem).partition(":")[0]
        lines = (f"cr.MLP([784, 128, 10]): W1 is {shape}", f"5 rows of 784 features give z of shape {z.shape}",
                 f"refused: {refused}")  # fmt: skip
        return Shown(
            lines,
            {
                "W1 is (128, 784)": shape == (128, 784),
                "and gives a number for each unit": z.shape == (5, 128),
                "features of another number are refused": bool(refused),
            },
        )
