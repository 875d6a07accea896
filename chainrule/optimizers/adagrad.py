from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, Scratch, State


@OPTIMIZERS.register("adagrad")
@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Each entry's rate by all its gradients so far: Duchi, Hazan & Singer 2011 (the form PyTorch uses).

    s <- s + g^2                             s starts at ``initial``
    theta <- theta - lr g / (sqrt(s) + epsilon)

    Rates only fall, for rare features more slowly than for frequent ones: good for sparse data, and on long
    trainings it comes to rest by itself.
    """

    learning_rate: float = 0.01
    initial: float = 0.0
    epsilon: float = 1e-10

    of_adams = 10.0
    examples = ({}, {"learning_rate": 0.1, "initial": 0.1, "epsilon": 1e-3})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adagrad: initial", self.initial, least=0)
        number("adagrad: epsilon", self.epsilon, above=0)

    def start(self, theta: Array) -> State:
        with np.errstate(over="ignore"):  # from infinity no step leads away, as from any large number
            return {"s": np.full_like(theta, self.initial)}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        s = state["s"]
        work = np.multiply(grad, grad, out=scratch)
        s += work
        np.sqrt(s, out=work)
        work += self.epsilon
        grad /= work
        grad *= lr
        theta -= grad

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        _update.compiled(theta, grad, state["s"], lr, self.epsilon)

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "initial_accumulator_value": self.initial, "eps": self.epsilon}
        return torch.optim.Adagrad(parameters, **settings)


@kernel
def _update(theta, grad, s, lr, epsilon):  # type: ignore[no-untyped-def]
    lr, epsilon = theta.dtype.type(lr), theta.dtype.type(epsilon)
    for i in range(theta.size):
        s[i] += grad[i] * grad[i]
        theta[i] -= lr * grad[i] / (np.sqrt(s[i]) + epsilon)
