from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._averages import average, average_of_squares
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, State


@OPTIMIZERS.register("adamw")
@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: Loshchilov & Hutter 2019, algorithm 2 (the form PyTorch uses).

    theta <- (1 - lr weight_decay) theta    all parameters shrink alike, biases too
    m <- beta1 m + (1 - beta1) g            mean of the gradient
    v <- beta2 v + (1 - beta2) g^2          mean of its square
    theta <- theta - lr m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),   v^ = v / (1 - beta2^t)

    A penalty on the weights in the loss would pass through m and v, and so shrink least the weights with the
    largest gradients; here it goes past them.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    of_adams = 1.0
    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adamw: beta1", self.beta1, least=0, below=1)
        number("adamw: beta2", self.beta2, least=0, below=1)
        number("adamw: epsilon", self.epsilon, above=0)
        number("adamw: weight_decay", self.weight_decay, least=0)

    def start(self, theta: Array) -> State:
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def step(
        self,
        theta: Array,
        grad: Array,
        state: Mapping[str, Array],
        t: int,
        lr: float,
        scratch: Array | None = None,
    ) -> None:
        m, v = state["m"], state["v"]
        work = np.empty_like(grad) if scratch is None else scratch
        theta *= 1 - lr * self.weight_decay
        average(m, grad, self.beta1, work)
        average_of_squares(v, grad, self.beta2, work)
        root = math.sqrt(1 - self.beta2**t)
        np.sqrt(v, out=work)
        work += self.epsilon * root
        np.divide(m, work, out=work)
        work *= lr * root / (1 - self.beta1**t)
        theta -= work

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "betas": (self.beta1, self.beta2), "eps": self.epsilon}
        return torch.optim.AdamW(parameters, **settings, weight_decay=self.weight_decay)
