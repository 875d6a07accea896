from __future__ import annotations

import math

from chainrule.studies.questions import _neurons
from chainrule.studies.questions.base import QUESTIONS, Question, Shown


@QUESTIONS.register("first_weight")
class FirstWeight(Question):
    order = 7
    question = "In the same network, which factors make dL/dw1?"
    choices = ("dL/dz2 and x", "dL/dz2, a1, relu'(z1) and x", "dL/dz2, w2, relu'(z1) and x")
    right = 2
    answer = (
        "Four, one for each link between the weight and the loss: dL/dz2, dz2/da1 = w2, da1/dz1 = relu'(z1), "
        "and dz1/dw1 = x. The first was computed for w2 already: that is why one goes backward, and why it "
        "costs no more than going forward."
    )

    def show(self) -> Shown:
        d = _neurons.forward()
        factors = [d[name] for name in ("dL/dz2", "dz2/da1", "da1/dz1", "dz1/dw1")]
        product = math.prod(factors)
        lines = (
            f"dL/dz2 w2 relu'(z1) x = {' * '.join(f'{f:.6g}' for f in factors)} = {product:.6g}",
            f"autograd                {_neurons.by_autograd()[0]:.6g}",
            f"differences             {_neurons.by_differences()[0]:.6g}",
        )
        return Shown(
            lines,
            {
                "the product is what autograd finds": math.isclose(
                    product, _neurons.by_autograd()[0], rel_tol=1e-12
                ),
                "and what the loss itself does": math.isclose(product, _neurons.by_differences()[0], rel_tol=1e-6),
            },
        )
