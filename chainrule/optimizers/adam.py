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


@OPTIMIZERS.register("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: Kingma & Ba 2015, algorithm 1 (the form PyTorch uses).

    m <- beta1 m + (1 - beta1) g            mean of the gradient
    v <- beta2 v + (1 - beta2) g^2          mean of its square
    theta <- theta - lr m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),   v^ = v / (1 - beta2^t)

    Both corrections are scalars, so they are applied to the scalars lr and epsilon instead of the vectors.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adam: beta1", self.beta1, least=0, below=1)
        number("adam: beta2", self.beta2, least=0, below=1)
        number("adam: epsilon", self.epsilon, above=0)

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
        return torch.optim.Adam(parameters, **settings)
