from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.optimizers._moments import average
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, Scratch, State


@OPTIMIZERS.register("lion")
@dataclass(frozen=True)
class Lion(Optimizer):
    """Steps of one size, by the sign alone: Chen et al. 2023, algorithm 2.  Not in PyTorch.

    c = beta1 m + (1 - beta1) g                     the gradient, mixed with its mean
    theta <- theta - lr (sign(c) + weight_decay theta)
    m <- beta2 m + (1 - beta2) g                    mean of the gradient

    Every entry moves by lr, so lr is to be 3 to 10 times smaller than Adam's, and weight_decay as many times
    larger than AdamW's. Where c is 0 nothing moves. One vector of state, where Adam has two.
    """

    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    of_adams = 0.1
    examples = ({}, {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.7, "weight_decay": 0.5})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("lion: beta1", self.beta1, least=0, below=1)
        number("lion: beta2", self.beta2, least=0, below=1)
        number("lion: weight_decay", self.weight_decay, least=0)

    def start(self, theta: Array) -> State:
        return {"m": np.zeros_like(theta)}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        m = state["m"]
        work = np.subtract(grad, m, out=scratch)
        work *= 1 - self.beta1
        work += m
        np.sign(work, out=work)
        work *= lr
        theta *= 1 - lr * self.weight_decay
        theta -= work
        average(m, grad, self.beta2, work)

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        keep = 1 - lr * self.weight_decay
        _update.compiled(theta, grad, state["m"], lr, keep, self.beta1, self.beta2)

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)


@kernel
def _update(theta, grad, m, lr, keep, beta1, beta2):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    lr, keep, rest1, rest2 = real(lr), real(keep), real(1 - beta1), real(1 - beta2)
    for i in range(theta.size):
        c = m[i] + rest1 * (grad[i] - m[i])
        theta[i] = keep * theta[i] - lr * np.sign(c)
        m[i] += rest2 * (grad[i] - m[i])
