from __future__ import annotations

from chainrule.studies.exercises.initialization import linear
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("fifty_linear")
class FiftyLinear(Question):
    order = 15
    question = "Why do fifty linear layers behave as one?"
    choices = (
        "because most of them have small weights",
        "because a product of matrices is a matrix: W50 ... W2 W1 x = W x",
        "they don't: depth always adds power",
    )
    right = 1
    answer = (
        "Each layer multiplies by a matrix, and matrices multiply to one: W = W50 ... W2 W1, and the biases add "
        "up to one bias likewise. Fifty times the parameters, and not one function more."
    )

    def show(self) -> Shown:
        found = linear(50, 0)
        lines = (
            f"{found.layers} linear layers of 64 units: {found.parameters:,} parameters",
            f"their product: one matrix and a bias, {found.product_parameters:,} numbers",
            f"largest difference between their outputs: {found.difference:.1e} of the largest output",
        )
        return Shown(lines, {"they compute the same, to rounding": found.difference < 1e-12})
