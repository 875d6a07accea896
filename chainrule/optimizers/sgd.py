from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.kernels import kernel
from chainrule.core.settings import number, yes_or_no
from chainrule.core.types import Array
from chainrule.optimizers.base import OPTIMIZERS, Optimizer, Scratch, State


@OPTIMIZERS.register("sgd")
@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, with momentum if wanted (the form PyTorch uses).  Robbins & Monro 1951, Polyak 1964.

    v <- momentum v + g          (v starts at 0)
    theta <- theta - lr v        without momentum, v is g
    theta <- theta - lr (g + momentum v)        with ``nesterov`` (Sutskever et al. 2013)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    examples = ({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("sgd: momentum", self.momentum, least=0, below=1)
        yes_or_no("sgd: nesterov", self.nesterov)
        if self.nesterov and not self.momentum:
            raise SettingError("sgd: nesterov needs a momentum above 0; try momentum=0.9")

    def start(self, theta: Array) -> State:
        return {"v": np.zeros_like(theta)} if self.momentum else {}

    def step(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        # Scaling grad itself touches two vectors instead of three: a third less memory, and it stays in the cache.
        if self.momentum:
            v = state["v"]
            v *= self.momentum
            v += grad
            if self.nesterov:
                grad += np.multiply(v, self.momentum, out=scratch)
            else:
                grad[:] = v
        grad *= lr
        theta -= grad

    def fused(self, theta: Array, grad: Array, state: State, t: int, lr: float, scratch: Scratch = None) -> None:
        if self.momentum:
            (_nesterov if self.nesterov else _momentum).compiled(theta, grad, state["v"], lr, self.momentum)
        else:
            _plain.compiled(theta, grad, lr)

    def scratch_for(self, theta: Array) -> Array | None:
        return np.empty_like(theta) if self.nesterov else None

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        settings = {"lr": self.learning_rate, "momentum": self.momentum, "nesterov": self.nesterov}
        return torch.optim.SGD(parameters, **settings)


@kernel
def _plain(theta, grad, lr):  # type: ignore[no-untyped-def]
    lr = theta.dtype.type(lr)
    for i in range(theta.size):
        theta[i] -= lr * grad[i]


@kernel
def _momentum(theta, grad, v, lr, momentum):  # type: ignore[no-untyped-def]
    lr, momentum = theta.dtype.type(lr), theta.dtype.type(momentum)
    for i in range(theta.size):
        v[i] = momentum * v[i] + grad[i]
        theta[i] -= lr * v[i]


@kernel
def _nesterov(theta, grad, v, lr, momentum):  # type: ignore[no-untyped-def]
    lr, momentum = theta.dtype.type(lr), theta.dtype.type(momentum)
    for i in range(theta.size):
        v[i] = momentum * v[i] + grad[i]
        theta[i] -= lr * (grad[i] + momentum * v[i])
