from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.types import Array
from chainrule.optimizers._moments import Moments, average
from chainrule.optimizers.base import OPTIMIZERS, Scratch, State, offered


@OPTIMIZERS.register("adamax")
@dataclass(frozen=True)
class Adamax(Moments):
    """Adam with the largest gradient in place of the mean square: Kingma & Ba 2015, algorithm 2.

    m <- beta1 m + (1 - beta1) g              mean of the gradient
    u <- max(beta2 u, |g| + epsilon)          its largest size of late
    theta <- theta - lr m / ((1 - beta1^t) u)

    PyTorch's form: epsilon stands inside the maximum, so that u is never 0. No entry moves by more than
    about lr in a step; u needs no correction at the start.
    """

    learning_rate: float = 2e-3

    of_adams = 2.0

    def start(self, theta: Array) -> State:
        return {"m": np.zeros_like(theta), "u": np.zeros_like(theta)}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        m, u = state["m"], state["u"]
        work = np.empty_like(grad) if scratch is None else scratch
        average(m, grad, self.beta1, work)
        np.abs(grad, out=work)
        work += self.epsilon
        u *= self.beta2
        np.maximum(u, work, out=u)
        np.divide(m, u, out=work)
        work *= lr / (1 - self.beta1**t)
        theta -= work

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        rate = lr / (1 - self.beta1**t)
        _update.compiled(theta, grad, state["m"], state["u"], rate, self.beta1, self.beta2, self.epsilon)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "Adamax")) is None:
            return None
        return cls(parameters, lr=self.learning_rate, betas=(self.beta1, self.beta2), eps=self.epsilon)


@kernel
def _update(theta, grad, m, u, rate, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    rate, rest1, beta2, epsilon = real(rate), real(1 - beta1), real(beta2), real(epsilon)
    for i in range(theta.size):
        m[i] += rest1 * (grad[i] - m[i])
        u[i] = max(beta2 * u[i], abs(grad[i]) + epsilon)
        theta[i] -= rate * m[i] / u[i]
