"""scikit-learn's two stochastic solvers, to the rounding; and how ``solver`` names any other optimizer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import settings
from chainrule.core.kernels import kernel
from chainrule.core.types import Array
from chainrule.optimizers import OPTIMIZERS, Optimizer
from chainrule.optimizers.adam import Adam
from chainrule.optimizers.base import Scratch, State


def optimizer_of(
    spec: Any, learning_rate: float, momentum: float, nesterov: bool, adam: tuple[Any, ...]
) -> Optimizer:
    """``"sgd"`` and ``"adam"`` are scikit-learn's; any other name, or an instance, is that of the shelf.

    A name takes ``learning_rate``, unless it brings its own; an instance has one.
    """
    if spec == "sgd":
        return VelocitySGD(learning_rate, momentum, nesterov)
    if spec == "adam":
        return AdamEpsilonHat(learning_rate, *adam)
    if isinstance(spec, str):
        name, given = settings.parse(spec)
        spec = {"name": name, "learning_rate": learning_rate, **given}
    return OPTIMIZERS.make(spec)


@dataclass(frozen=True)
class AdamEpsilonHat(Adam):
    """Adam in the other order of Kingma & Ba 2015, section 2: theta <- theta - lr_t m / (sqrt(v) + epsilon).

    lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t). Here epsilon is added before v is corrected, so it counts as
    epsilon / sqrt(1 - beta2^t) does in ``optimizers.Adam``: 30 times as much in the first step, alike after some
    thousands. scikit-learn's and TensorFlow's form.
    """

    name = "adam_epsilon_hat"

    def _epsilon(self, t: int) -> float:
        return self.epsilon / math.sqrt(1 - self.beta2**t)

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        """None: PyTorch's is the other form."""
        return None


@dataclass(frozen=True)
class VelocitySGD(Optimizer):
    """Gradient descent whose velocity has the learning rate in it.  Polyak 1964; Sutskever et al. 2013.

    v <- momentum v - lr g          (v starts at 0)
    theta <- theta + v
    theta <- theta + momentum v - lr g        with ``nesterov``

    Equal to ``optimizers.SGD`` while lr stays; after lr falls, the steps already in v are still of the old size.
    A momentum of 1 is allowed, as scikit-learn does.
    """

    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = True

    name = "velocity_sgd"

    def __post_init__(self) -> None:
        super().__post_init__()
        settings.number("sgd: momentum", self.momentum, least=0, most=1)

    def start(self, theta: Array) -> State:
        return {"v": np.zeros_like(theta)}

    def scratch_for(self, theta: Array) -> Array:
        return np.empty_like(theta)

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        v = state["v"]
        grad *= lr
        v *= self.momentum
        v -= grad
        if self.nesterov:
            theta -= grad
            theta += np.multiply(v, self.momentum, out=scratch)
        else:
            theta += v

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        _velocity.compiled(theta, grad, state["v"], lr, self.momentum, self.nesterov)


@kernel
def _velocity(theta, grad, v, lr, momentum, nesterov):  # type: ignore[no-untyped-def]
    lr, momentum = theta.dtype.type(lr), theta.dtype.type(momentum)
    if nesterov:
        for i in range(theta.size):
            v[i] = momentum * v[i] - lr * grad[i]
            theta[i] += momentum * v[i] - lr * grad[i]
    else:
        for i in range(theta.size):
            v[i] = momentum * v[i] - lr * grad[i]
            theta[i] += v[i]
