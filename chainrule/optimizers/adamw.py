from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._moments import Moments
from chainrule.optimizers.base import OPTIMIZERS, Scratch, State


@OPTIMIZERS.register("adamw")
@dataclass(frozen=True)
class AdamW(Moments):
    """Adam with decoupled weight decay: Loshchilov & Hutter 2019, algorithm 2 (the form PyTorch uses).

    theta <- (1 - lr weight_decay) theta    all parameters shrink alike, biases too
    m <- beta1 m + (1 - beta1) g            mean of the gradient
    v <- beta2 v + (1 - beta2) g^2          mean of its square
    theta <- theta - lr m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),   v^ = v / (1 - beta2^t)

    A penalty on the weights in the loss would pass through m and v, and so shrink least the weights with the
    largest gradients; here it goes past them.
    """

    weight_decay: float = 0.01

    of_adams = 1.0
    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adamw: weight_decay", self.weight_decay, least=0)

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        theta *= 1 - lr * self.weight_decay
        self._adam(theta, grad, state, t, lr, scratch)

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        self._fused_adam(theta, grad, state, t, lr, 1 - lr * self.weight_decay)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "betas": (self.beta1, self.beta2), "eps": self.epsilon}
        return torch.optim.AdamW(parameters, **settings, weight_decay=self.weight_decay)
