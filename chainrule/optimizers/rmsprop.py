from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number, yes_or_no
from chainrule.core.types import Array
from chainrule.optimizers._moments import average, average_of_squares
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, Scratch, State


@OPTIMIZERS.register("rmsprop")
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Each entry's rate by the size of its gradients of late: Hinton 2012 (the form PyTorch uses).

    v <- alpha v + (1 - alpha) g^2           mean square of the gradient
    d = g / (sqrt(v) + epsilon)
    theta <- theta - lr d

    m <- alpha m + (1 - alpha) g, and v - m^2 in place of v        with ``centered`` (Graves 2013)
    b <- momentum b + d, and b in place of d                       with ``momentum``
    """

    learning_rate: float = 0.01
    alpha: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    of_adams = 0.2
    examples = (
        {},
        {"momentum": 0.9},
        {"centered": True},
        {"learning_rate": 0.1, "alpha": 0.5, "epsilon": 1e-3, "momentum": 0.5, "centered": True},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("rmsprop: alpha", self.alpha, least=0, below=1)
        number("rmsprop: epsilon", self.epsilon, above=0)
        number("rmsprop: momentum", self.momentum, least=0, below=1)
        yes_or_no("rmsprop: centered", self.centered)

    def start(self, theta: Array) -> State:
        names = ["v", *(["m"] if self.centered else []), *(["b"] if self.momentum else [])]
        return {name: np.zeros_like(theta) for name in names}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        v = state["v"]
        work = np.empty_like(grad) if scratch is None else scratch
        average_of_squares(v, grad, self.alpha, work)
        if self.centered:
            m = state["m"]
            average(m, grad, self.alpha, work)
            np.multiply(m, m, out=work)
            np.subtract(v, work, out=work)
            # a gradient that stays the same leaves 0 here, which rounding may take below 0
            np.maximum(work, 0, out=work)
            np.sqrt(work, out=work)
        else:
            np.sqrt(v, out=work)
        work += self.epsilon
        grad /= work
        if self.momentum:
            b = state["b"]
            b *= self.momentum
            b += grad
            grad[:] = b
        grad *= lr
        theta -= grad

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        v, m, b = (state.get(name, grad) for name in "vmb")  # what a setting doesn't use is not touched
        _update.compiled(theta, grad, v, m, b, lr, self.alpha, self.epsilon, self.momentum, self.centered)

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "alpha": self.alpha, "eps": self.epsilon}
        return torch.optim.RMSprop(parameters, **settings, momentum=self.momentum, centered=self.centered)


@kernel
def _update(theta, grad, v, m, b, lr, alpha, epsilon, momentum, centered):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    lr, alpha, rest, epsilon, momentum = real(lr), real(alpha), real(1 - alpha), real(epsilon), real(momentum)
    for i in range(theta.size):
        g = grad[i]
        v[i] = alpha * v[i] + rest * g * g
        square = v[i]
        if centered:
            m[i] += rest * (g - m[i])
            square = max(square - m[i] * m[i], real(0))
        d = g / (np.sqrt(square) + epsilon)
        if momentum:
            b[i] = momentum * b[i] + d
            d = b[i]
        theta[i] -= lr * d
