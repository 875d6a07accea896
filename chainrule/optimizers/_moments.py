"""Running averages of the gradient, in place, and what the optimizers of Adam's family share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers.base import Optimizer, State


def average(m: Array, g: Array, beta: float, work: Array) -> None:
    """m <- beta m + (1 - beta) g."""
    # m + (1 - beta)(g - m) is the same mean in one pass less
    np.subtract(g, m, out=work)
    work *= 1 - beta
    m += work


def average_of_squares(v: Array, g: Array, beta: float, work: Array) -> None:
    """v <- beta v + (1 - beta) g^2."""
    np.multiply(g, g, out=work)
    work *= 1 - beta
    v *= beta
    v += work


@dataclass(frozen=True)
class Moments(Optimizer):
    """Adam's settings, and its two averages: m of the gradient and v of its square.  Kingma & Ba 2015."""

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3})

    def __post_init__(self) -> None:
        super().__post_init__()
        number(f"{self.name}: beta1", self.beta1, least=0, below=1)
        number(f"{self.name}: beta2", self.beta2, least=0, below=1)
        number(f"{self.name}: epsilon", self.epsilon, above=0)

    def start(self, theta: Array) -> State:
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def _epsilon(self, t: int) -> float:
        """What is added to sqrt(v^) in step t."""
        return self.epsilon

    def _adam(
        self, theta: Array, grad: Array, state: Mapping[str, Array], t: int, lr: float, scratch: Array | None
    ) -> None:
        """theta <- theta - lr m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),   v^ = v / (1 - beta2^t).

        Both corrections are scalars, so they are applied to the scalars lr and epsilon instead of the vectors.
        """
        work = np.empty_like(grad) if scratch is None else scratch
        root = math.sqrt(1 - self.beta2**t)
        rate, small = lr * root / (1 - self.beta1**t), self._epsilon(t) * root
        m, v = state["m"], state["v"]
        average(m, grad, self.beta1, work)
        average_of_squares(v, grad, self.beta2, work)
        np.sqrt(v, out=work)
        work += small
        np.divide(m, work, out=work)
        work *= rate
        theta -= work

    def _fused_adam(
        self, theta: Array, grad: Array, state: Mapping[str, Array], t: int, lr: float, keep: float = 1.0
    ) -> None:
        """The same in one compiled pass, after theta <- keep theta."""
        settings = self.beta1, self.beta2, self._epsilon(t)
        _update.compiled(theta, grad, state["m"], state["v"], t, lr, keep, *settings)


@kernel
def _update(theta, grad, m, v, t, lr, keep, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    root = math.sqrt(1 - beta2**t)
    rate, epsilon = real(lr * root / (1 - beta1**t)), real(epsilon * root)
    keep, beta2, rest1, rest2 = real(keep), real(beta2), real(1 - beta1), real(1 - beta2)
    for i in range(theta.size):
        m[i] += rest1 * (grad[i] - m[i])
        v[i] = beta2 * v[i] + rest2 * grad[i] * grad[i]
        theta[i] = keep * theta[i] - rate * m[i] / (np.sqrt(v[i]) + epsilon)
