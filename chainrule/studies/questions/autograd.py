from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import autograd
from chainrule.studies.curvature import gradient_at
from chainrule.studies.questions.base import QUESTIONS, Question, Shown

torch: Any = autograd
WEEKS = (((5, 4, 2), "relu"), ((5, 8, 8, 2), "tanh"), ((5, 3, 6, 4, 2), "sigmoid"))


@QUESTIONS.register("autograd")
class Autograd(Question):
    order = 19
    question = "What does autograd save when the architecture changes every week?"
    choices = (
        "memory: no values have to be kept",
        "deriving, writing and checking the backward pass anew each time",
        "time: the gradients are computed faster",
    )
    right = 1
    answer = (
        "The backward pass. One writes the forward pass; what is to be multiplied is recorded on the way. It "
        "costs some time and memory, and spares the mistakes of deriving by hand, which make no error message."
    )

    def show(self) -> Shown:
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((20, 5)), rng.standard_normal((20, 2))
        lines, worst = [], 0.0
        for week, (sizes, activation) in enumerate(WEEKS, 1):
            net = cr.MLP(sizes, activation, dtype="float64", seed=week)
            by_hand = gradient_at(net, "mean_squared_error", X, y)(net.params.theta)
            found = _by_autograd(net, activation, X, y)
            difference = float(np.abs(found - by_hand).max() / np.abs(by_hand).max())
            worst = max(worst, difference)
            name = "-".join(map(str, sizes))
            lines.append(
                f"week {week}: {name:<10} {activation:<8} no derivative written; difference {difference:.1e}"
            )
        forgotten = _without_slopes(X, y)
        lines.append(f"by hand, one slope forgotten: difference {forgotten:.2f}, and no error message")
        return Shown(
            tuple(lines),
            {
                "each week's gradients are those of the engine, derived by hand": worst < 1e-12,
                "a slip in a derivative by hand goes unnoticed until it is checked": forgotten > 0.01,
            },
        )


def _by_autograd(net: cr.Network, activation: str, X: Any, y: Any) -> Any:
    """The gradient by all parameters, flat; only the forward pass is written."""
    weights = [torch.tensor(value.copy(), requires_grad=True) for value in net.params.values()]
    a = torch.tensor(X)
    for i in range(0, len(weights), 2):
        a = a @ weights[i].t() + weights[i + 1]
        a = getattr(torch, activation)(a) if i + 2 < len(weights) else a
    ((a - torch.tensor(y)) ** 2).mean().backward()
    return np.concatenate([np.array(w.grad.tolist()).ravel() for w in weights])


def _without_slopes(X: Any, y: Any) -> float:
    """How far off the first layer's gradient is, over its largest, without the ReLU's slope in the chain."""
    net = cr.MLP([5, 4, 2], "relu", dtype="float64", seed=1)
    W1, b1, W2, b2 = net.params.values()
    dz = 2 * (np.maximum(X @ W1.T + b1, 0) @ W2.T + b2 - y) / y.size
    right = gradient_at(net, "mean_squared_error", X, y)(net.params.theta)[: W1.size].reshape(W1.shape)
    return float(np.abs((dz @ W2).T @ X - right).max() / np.abs(right).max())
