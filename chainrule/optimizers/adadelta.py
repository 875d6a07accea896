from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._moments import average_of_squares
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, Scratch, State, offered


@OPTIMIZERS.register("adadelta")
@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps in the units of the parameters: Zeiler 2012, algorithm 1 (the form PyTorch uses).

    v <- rho v + (1 - rho) g^2                          mean square of the gradient
    d = sqrt((u + epsilon) / (v + epsilon)) g           the step, before lr
    u <- rho u + (1 - rho) d^2                          mean square of the steps
    theta <- theta - lr d

    The size of a step comes from the steps before it, so lr is 1 unless told; they grow from
    sqrt(epsilon), which takes some hundred steps.
    """

    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6

    of_adams = 1000.0
    examples = ({}, {"learning_rate": 0.1, "rho": 0.5, "epsilon": 1e-3})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adadelta: rho", self.rho, least=0, below=1)
        number("adadelta: epsilon", self.epsilon, above=0)

    def start(self, theta: Array) -> State:
        return {"v": np.zeros_like(theta), "u": np.zeros_like(theta)}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        v, u = state["v"], state["u"]
        work = np.empty_like(grad) if scratch is None else scratch
        average_of_squares(v, grad, self.rho, work)
        # Two roots, not one of the quotient: that would overflow in float32 where v is small.
        np.add(v, self.epsilon, out=work)
        np.sqrt(work, out=work)
        grad /= work
        np.add(u, self.epsilon, out=work)
        np.sqrt(work, out=work)
        grad *= work
        average_of_squares(u, grad, self.rho, work)
        grad *= lr
        theta -= grad

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        _update.compiled(theta, grad, state["v"], state["u"], lr, self.rho, self.epsilon)

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "Adadelta")) is None:
            return None
        return cls(parameters, lr=self.learning_rate, rho=self.rho, eps=self.epsilon)


@kernel
def _update(theta, grad, v, u, lr, rho, epsilon):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    lr, rho, rest, epsilon = real(lr), real(rho), real(1 - rho), real(epsilon)
    for i in range(theta.size):
        v[i] = rho * v[i] + rest * grad[i] * grad[i]
        d = grad[i] / np.sqrt(v[i] + epsilon) * np.sqrt(u[i] + epsilon)
        u[i] = rho * u[i] + rest * d * d
        theta[i] -= lr * d
