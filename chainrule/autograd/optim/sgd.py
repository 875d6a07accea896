"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.autograd.errors import AutogradError
from chainrule.autograd.optim.base import Optimizer, decayed
from chainrule.core.types import Array


class SGD(Optimizer):
    """theta <- theta - lr g, or lr times the velocity v <- momentum v + (1 - dampening) g. Polyak 1964."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        if nesterov and (momentum <= 0 or dampening != 0):
            raise AutogradError("SGD: nesterov needs a momentum above 0 and a dampening of 0")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach, "differentiable": differentiable,
            "fused": fused,
        })  # fmt: skip

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"momentum_buffer": None}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        g = decayed(g, theta, group)
        if group["momentum"]:
            v = state["momentum_buffer"]
            v = g.copy() if v is None else group["momentum"] * v + (1 - group["dampening"]) * g
            state["momentum_buffer"] = v
            g = g + group["momentum"] * v if group["nesterov"] else v
        theta -= float(group["lr"]) * g
