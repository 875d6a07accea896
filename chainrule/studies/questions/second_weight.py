from __future__ import annotations

import math

from chainrule.studies.questions import _neurons
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("second_weight")
class SecondWeight(Question):
    order = 6
    question = "z1 = w1 x, a1 = relu(z1), z2 = w2 a1, L = (z2 - y)^2. Which factors make dL/dw2?"
    choices = ("dL/dz2 and a1", "dL/dz2 and w2", "dL/dz2, w2, relu'(z1) and x")
    right = 0
    answer = (
        "Two: dL/dz2 = 2 (z2 - y), and dz2/dw2 = a1. What comes before the second weight enters only through "
        "a1, the value with which that weight is multiplied."
    )

    def show(self) -> Shown:
        d = _neurons.forward()
        product = d["dL/dz2"] * d["dz2/dw2"]
        lines = (
            f"dL/dz2 a1 = {d['dL/dz2']:.6g} * {d['dz2/dw2']:.6g} = {product:.6g}",
            f"autograd    {_neurons.by_autograd()[1]:.6g}",
            f"differences {_neurons.by_differences()[1]:.6g}",
        )
        return Shown(
            lines,
            {
                "the product is what autograd finds": math.isclose(
                    product, _neurons.by_autograd()[1], rel_tol=1e-12
                ),
                "and what the loss itself does": math.isclose(product, _neurons.by_differences()[1], rel_tol=1e-6),
            },
        )
