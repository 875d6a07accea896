from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._moments import Moments, average, average_of_squares
from chainrule.optimizers.base import OPTIMIZERS, Scratch, State, offered


@OPTIMIZERS.register("nadam")
@dataclass(frozen=True)
class NAdam(Moments):
    """Adam that looks ahead as Nesterov's momentum does: Dozat 2016 (the form PyTorch uses).

    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)      rises from beta1 / 2 to beta1
    m <- beta1 m + (1 - beta1) g                        mean of the gradient
    v <- beta2 v + (1 - beta2) g^2                      mean of its square
    m^ = (1 - mu_t) g / (1 - mu_1 ... mu_t) + mu_t+1 m / (1 - mu_1 ... mu_t+1)
    theta <- theta - lr m^ / (sqrt(v^) + epsilon),      v^ = v / (1 - beta2^t)
    """

    learning_rate: float = 2e-3
    momentum_decay: float = 4e-3

    of_adams = 1.0
    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "momentum_decay": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("nadam: momentum_decay", self.momentum_decay, least=0)

    def start(self, theta: Array) -> State:
        # The product of all mu so far has no closed form, so it belongs to the state: one number.
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta), "product": np.ones(1, theta.dtype)}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        m, v = state["m"], state["v"]
        work = np.empty_like(grad) if scratch is None else scratch
        average(m, grad, self.beta1, work)
        average_of_squares(v, grad, self.beta2, work)
        now, ahead, so_far = self._look_ahead(state, t)
        root = math.sqrt(1 - self.beta2**t)
        np.sqrt(v, out=work)
        work += self.epsilon * root
        grad /= work
        grad *= lr * root * (1 - now) / (1 - so_far)
        theta -= grad
        np.divide(m, work, out=work)
        work *= lr * root * ahead / (1 - so_far * ahead)
        theta -= work

    def _look_ahead(self, state: Mapping[str, Array], t: int) -> tuple[float, float, float]:
        """mu_t, mu_t+1 and the product of all mu so far, which is kept."""
        now = self._mu(t)
        state["product"][...] *= now
        return now, self._mu(t + 1), float(state["product"][0])

    def _mu(self, t: int) -> float:
        return self.beta1 * (1 - 0.5 * math.pow(0.96, t * self.momentum_decay))

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        now, ahead, so_far = self._look_ahead(state, t)
        root = math.sqrt(1 - self.beta2**t)
        rates = lr * root * (1 - now) / (1 - so_far), lr * root * ahead / (1 - so_far * ahead)
        settings = self.beta1, self.beta2, self.epsilon * root
        _update.compiled(theta, grad, state["m"], state["v"], *rates, *settings)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "NAdam")) is None:
            return None
        settings = {"lr": self.learning_rate, "betas": (self.beta1, self.beta2), "eps": self.epsilon}
        peer = cls(parameters, **settings, momentum_decay=self.momentum_decay)
        # Left to itself it makes the product in float32, whatever the parameters are.
        for leaf in peer.param_groups[0]["params"]:
            zeros = {name: torch.zeros_like(leaf.detach()) for name in ("exp_avg", "exp_avg_sq")}
            product = torch.ones((), dtype=leaf.dtype)
            peer.state[leaf].update(step=torch.tensor(0.0), mu_product=product, **zeros)
        return peer


@kernel
def _update(theta, grad, m, v, of_gradient, of_mean, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    of_gradient, of_mean, epsilon = real(of_gradient), real(of_mean), real(epsilon)
    rest1, beta2, rest2 = real(1 - beta1), real(beta2), real(1 - beta2)
    for i in range(theta.size):
        m[i] += rest1 * (grad[i] - m[i])
        v[i] = beta2 * v[i] + rest2 * grad[i] * grad[i]
        theta[i] -= (of_gradient * grad[i] + of_mean * m[i]) / (np.sqrt(v[i]) + epsilon)
