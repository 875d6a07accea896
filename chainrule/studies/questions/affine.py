from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import autograd
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

torch: Any = autograd


@QUESTIONS.register("affine")
class Affine(Question):
    order = 9
    question = "z = W a + b, and dz is the derivative of the loss with respect to z. What are those of W, b and a?"
    choices = (
        "dW = dz a^T, db = dz, da = W^T dz",
        "dW = a, db = 0, da = W",
        "dW = W^T dz, db = dz, da = dz a^T",
    )
    right = 0
    answer = (
        "dW = dz a^T (each weight's is that of its unit times its input), db = dz, da = W^T dz (each input "
        "gathers from all units it went to). With samples as rows, z = a W^T + b, they are dz^T a, the sum of "
        "dz over the rows, and dz W."
    )

    def show(self) -> Shown:
        rng = np.random.default_rng(0)
        W, b, a, dz = (rng.standard_normal(shape) for shape in ((2, 3), 2, 3, 2))
        tensors = [torch.tensor(value, requires_grad=True) for value in (W, b, a)]
        (tensors[0] @ tensors[2] + tensors[1]).backward(torch.tensor(dz))
        found = [np.array(t.grad.tolist()) for t in tensors]
        by_hand = [np.outer(dz, a), dz, W.T @ dz]
        lines = [f"{'':4}{'shape':>8}{'largest difference from autograd':>36}"]
        for name, hand, tensor in zip(("dW", "db", "da"), by_hand, found, strict=True):
            lines.append(f"{name:4}{hand.shape!s:>8}{np.abs(hand - tensor).max():36.1e}")
        agree = all(np.allclose(x, y, rtol=1e-12, atol=1e-15) for x, y in zip(by_hand, found, strict=True))
        shaped = all(x.shape == v.shape for x, v in zip(by_hand, (W, b, a), strict=True))
        return Shown(
            tuple(lines), {"all three are what autograd finds": agree, "each has the shape of its value": shaped}
        )
