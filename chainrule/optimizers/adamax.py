from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._averages import average
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, State, offered


@OPTIMIZERS.register("adamax")
@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square: Kingma & Ba 2015, algorithm 2.

    m <- beta1 m + (1 - beta1) g              mean of the gradient
    u <- max(beta2 u, |g| + epsilon)          its largest size of late
    theta <- theta - lr m / ((1 - beta1^t) u)

    PyTorch's form: epsilon stands inside the maximum, so that u is never 0. No entry moves by more than
    about lr in a step; u needs no correction at the start.
    """

    learning_rate: float = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    of_adams = 2.0
    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adamax: beta1", self.beta1, least=0, below=1)
        number("adamax: beta2", self.beta2, least=0, below=1)
        number("adamax: epsilon", self.epsilon, above=0)

    def start(self, theta: Array) -> State:
        return {"m": np.zeros_like(theta), "u": np.zeros_like(theta)}

    def step(
        self,
        theta: Array,
        grad: Array,
        state: Mapping[str, Array],
        t: int,
        lr: float,
        scratch: Array | None = None,
    ) -> None:
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

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "Adamax")) is None:
            return None
        return cls(parameters, lr=self.learning_rate, betas=(self.beta1, self.beta2), eps=self.epsilon)
