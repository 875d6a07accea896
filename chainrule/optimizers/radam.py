from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.types import Array
from chainrule.optimizers._moments import Moments, average, average_of_squares
from chainrule.optimizers.base import OPTIMIZERS, Scratch, State, offered


@OPTIMIZERS.register("radam")
@dataclass(frozen=True)
class RAdam(Moments):
    """Adam that waits until it knows the gradient's size: Liu et al. 2020, algorithm 2 (PyTorch's form).

    m <- beta1 m + (1 - beta1) g            mean of the gradient,  m^ = m / (1 - beta1^t)
    v <- beta2 v + (1 - beta2) g^2          mean of its square
    n = 2 / (1 - beta2) - 1                 how many gradients v is the mean of in the end
    n_t = n - 2 t beta2^t / (1 - beta2^t)   and at step t
    r = sqrt((n_t - 4) (n_t - 2) n / ((n - 4) (n - 2) n_t))
    theta <- theta - lr r m^ sqrt(1 - beta2^t) / (sqrt(v) + epsilon)    if n_t > 5
    theta <- theta - lr m^                                              else: the first five steps, unless told

    What a warm-up does for Adam by hand. With a beta2 of 2/3 or less n_t never passes 5.
    """

    of_adams = 1.0

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        m, v = state["m"], state["v"]
        work = np.empty_like(grad) if scratch is None else scratch
        average(m, grad, self.beta1, work)
        average_of_squares(v, grad, self.beta2, work)
        rate, r = self._rates(t, lr)
        if r is not None:
            np.sqrt(v, out=work)
            work += self.epsilon
            np.divide(m, work, out=work)
            work *= rate * r
        else:
            np.multiply(m, rate, out=work)
        theta -= work

    def _rates(self, t: int, lr: float) -> tuple[float, float | None]:
        """lr / (1 - beta1^t), and r sqrt(1 - beta2^t) or None while the gradient's size is not known."""
        left = 1 - self.beta2**t
        n = 2 / (1 - self.beta2) - 1
        n_t = n - 2 * t * self.beta2**t / left
        rate = lr / (1 - self.beta1**t)
        if n_t <= 5:
            return rate, None
        return rate, math.sqrt((n_t - 4) * (n_t - 2) * n / ((n - 4) * (n - 2) * n_t)) * math.sqrt(left)

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        rate, r = self._rates(t, lr)
        settings = self.beta1, self.beta2, self.epsilon
        _update.compiled(theta, grad, state["m"], state["v"], rate * (r or 1), r is not None, *settings)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "RAdam")) is None:
            return None
        return cls(parameters, lr=self.learning_rate, betas=(self.beta1, self.beta2), eps=self.epsilon)


@kernel
def _update(theta, grad, m, v, rate, known, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    rate, rest1, beta2, rest2, epsilon = real(rate), real(1 - beta1), real(beta2), real(1 - beta2), real(epsilon)
    for i in range(theta.size):
        m[i] += rest1 * (grad[i] - m[i])
        v[i] = beta2 * v[i] + rest2 * grad[i] * grad[i]
        step = rate * m[i]
        if known:
            step /= np.sqrt(v[i]) + epsilon
        theta[i] -= step
