from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.core.types import Array
from chainrule.optimizers._moments import Moments
from chainrule.optimizers.base import OPTIMIZERS, Scratch, State


@OPTIMIZERS.register("adam")
@dataclass(frozen=True)
class Adam(Moments):
    """Adam: Kingma & Ba 2015, algorithm 1 (the form PyTorch uses).

    m <- beta1 m + (1 - beta1) g            mean of the gradient
    v <- beta2 v + (1 - beta2) g^2          mean of its square
    theta <- theta - lr m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),   v^ = v / (1 - beta2^t)
    """

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        self._adam(theta, grad, state, t, lr, scratch)

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        self._fused_adam(theta, grad, state, t, lr)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "betas": (self.beta1, self.beta2), "eps": self.epsilon}
        return torch.optim.Adam(parameters, **settings)
