"""RMSprop and Adagrad: each entry's rate by the size of its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.autograd.optim.base import Optimizer, decayed
from chainrule.core.types import Array


class RMSprop(Optimizer):
    """theta <- theta - lr g / (sqrt(v) + eps), v the running mean of g^2. Hinton 2012; centered: Graves 2013."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {name: np.zeros_like(theta) for name in ("square_avg", "momentum_buffer", "grad_avg")}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        g, alpha, lr = decayed(g, theta, group), group["alpha"], float(group["lr"])
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        if group["centered"]:
            mean = state["grad_avg"]
            mean += (1 - alpha) * (g - mean)
            v = v - mean * mean
        change = g / (np.sqrt(v) + group["eps"])
        if group["momentum"]:
            change = state["momentum_buffer"] = group["momentum"] * state["momentum_buffer"] + change
        theta -= lr * change


class Adagrad(Optimizer):
    """theta <- theta - lr_t g / (sqrt(sum g^2) + eps), lr_t = lr / (1 + (t - 1) lr_decay). Duchi et al. 2011."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"sum": np.full_like(theta, group["initial_accumulator_value"])}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        g = decayed(g, theta, group)
        state["sum"] += g * g
        rate = float(group["lr"]) / (1 + (state["step"] - 1) * group["lr_decay"])
        theta -= rate * g / (np.sqrt(state["sum"]) + group["eps"])
