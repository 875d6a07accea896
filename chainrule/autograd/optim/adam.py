"""Adam, and AdamW with its decoupled decay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.autograd.optim.base import Optimizer
from chainrule.core.types import Array


class Adam(Optimizer):
    """theta <- theta - lr m^ / (sqrt(v^) + eps). Kingma & Ba 2015; ``amsgrad``: Reddi et al. 2018.

    ``decoupled_weight_decay`` shrinks theta by lr * weight_decay instead of adding to the gradient.
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        moments = {"exp_avg": np.zeros_like(theta), "exp_avg_sq": np.zeros_like(theta)}
        return {**moments, "max_exp_avg_sq": np.zeros_like(theta)} if group["amsgrad"] else moments

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        lr, t = float(group["lr"]), state["step"]
        beta1, beta2 = (float(beta) for beta in group["betas"])
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            theta *= 1 - lr * group["weight_decay"]
        elif group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        if group["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        theta -= lr / (1 - beta1**t) * m / (np.sqrt(v) / math.sqrt(1 - beta2**t) + group["eps"])


class AdamW(Adam):
    """Adam with decoupled weight decay. Loshchilov & Hutter 2019."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
