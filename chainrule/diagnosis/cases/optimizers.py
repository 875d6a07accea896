"""Optimizers of the cases with Keras' settings; those that ``chainrule.autograd.optim`` lacks are here."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autograd import nn, optim
from chainrule.autograd.optim.base import Optimizer
from chainrule.core.settings import nearest
from chainrule.core.types import Array
from chainrule.diagnosis.cases.reading import NotRunError

Factor = Callable[[int, int], float]
EPSILON = 1e-7  # Keras'


class Adadelta(Optimizer):
    """theta <- theta - lr sqrt(u + eps) / sqrt(v + eps) g; u, v: means of changes^2, g^2. Zeiler 2012."""

    def __init__(self, params: Any, lr: float = 1.0, rho: float = 0.95, eps: float = EPSILON) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps})

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"squares": np.zeros_like(theta), "changes": np.zeros_like(theta)}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        v, u, rho, eps = state["squares"], state["changes"], group["rho"], group["eps"]
        v += (1 - rho) * (g * g - v)
        change = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u += (1 - rho) * (change * change - u)
        theta -= float(group["lr"]) * change


class Adamax(Optimizer):
    """theta <- theta - lr m^ / (u + eps), u the decayed maximum of |g|. Kingma & Ba 2015, algorithm 2."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = EPSILON
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"mean": np.zeros_like(theta), "largest": np.zeros_like(theta)}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        (beta1, beta2), m = group["betas"], state["mean"]
        m += (1 - beta1) * (g - m)
        state["largest"] = u = np.maximum(beta2 * state["largest"], np.abs(g))
        theta -= float(group["lr"]) / (1 - beta1 ** state["step"]) * m / (u + group["eps"])


class Nadam(Optimizer):
    """Adam whose mean already has the next step's momentum mu in it, which grows to beta1. Dozat 2016."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = EPSILON
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"mean": np.zeros_like(theta), "square": np.zeros_like(theta), "product": 1.0}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        (beta1, beta2), m, v, t = group["betas"], state["mean"], state["square"], state["step"]
        mu, following = (beta1 * (1 - 0.5 * 0.96 ** (0.004 * at)) for at in (t, t + 1))
        state["product"] *= mu
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        ahead = following * m / (1 - state["product"] * following) + (1 - mu) * g / (1 - state["product"])
        theta -= float(group["lr"]) * ahead / (np.sqrt(v / (1 - beta2**t)) + group["eps"])


# Name: class, Keras' settings, and what the cases call them beside the learning rate
CLASSES: Mapping[str, tuple[Any, dict[str, Any], dict[str, str]]] = {
    "sgd": (optim.SGD, {"lr": 0.01}, {"momentum": "momentum", "nesterov": "nesterov", "maximize": "maximize"}),
    "adam": (optim.Adam, {"lr": 0.001, "eps": EPSILON}, {"maximize": "maximize"}),
    "adamw": (optim.AdamW, {"lr": 0.001, "eps": EPSILON, "weight_decay": 0.004}, {"weight_decay": "weight_decay"}),
    "rmsprop": (
        optim.RMSprop,
        {"lr": 0.001, "alpha": 0.9, "eps": EPSILON},
        {"rho": "alpha", "momentum": "momentum", "maximize": "maximize"},
    ),
    "adagrad": (optim.Adagrad, {"lr": 0.001, "initial_accumulator_value": 0.1, "eps": EPSILON}, {}),
    "adadelta": (Adadelta, {"lr": 0.001}, {"rho": "rho"}),
    "adamax": (Adamax, {"lr": 0.001}, {}),
    "nadam": (Nadam, {"lr": 0.001}, {}),
}
RATE = ("lr", "learning_rate")
OTHER = ("name", "decay", "beta_1", "beta_2", "epsilon", "clipnorm", "clipvalue", *RATE)


def optimizer_of(settings: Mapping[str, Any] | str, module: nn.Module, l2: float = 0.0) -> Optimizer:
    """The optimizer that a case names, with Keras' settings where it is silent.

    A loss with l2 sum W^2 added is the same steps with weight_decay = 2 l2 on the weights, and none on the biases.
    """
    settings = {"name": settings} if isinstance(settings, str) else settings
    name = str(settings.get("name", "")).lower()
    if name not in CLASSES:
        raise NotRunError(f"unknown optimizer {name!r:.60}.{nearest(name, CLASSES)}")
    cls, usual, names = CLASSES[name]
    for key in settings:
        if key not in names and key not in OTHER:
            raise NotRunError(f"{name} has no setting {key!r:.60}.{nearest(key, (*names, *OTHER))}")
    given = {names[key]: value for key, value in settings.items() if key in names and value is not None}
    rate = next((settings[key] for key in RATE if settings.get(key) is not None), usual["lr"])
    if "beta_1" in settings or "beta_2" in settings:
        given["betas"] = (settings.get("beta_1", 0.9), settings.get("beta_2", 0.999))
    if settings.get("epsilon") is not None:
        given["eps"] = settings["epsilon"]
    if given.get("nesterov") and not given.get("momentum"):
        del given["nesterov"]  # without momentum the two are one
    params: Any = list(module.parameters())
    if l2:
        if "weight_decay" not in inspect.signature(cls).parameters or name == "adamw":
            raise NotRunError(f"a loss with l2() runs with sgd, adam, rmsprop or adagrad, not with {name}")
        decays = [(2 * l2, [p for p in params if p.ndim > 1]), (0.0, [p for p in params if p.ndim == 1])]
        params = [{"params": group, "weight_decay": decay} for decay, group in decays]
    found: Optimizer = cls(params, **{**usual, **given, "lr": float(rate)})
    return found


@dataclass(frozen=True)
class Decay:
    """The learning rate's factor 1 / (1 + decay (t - 1)) at step t, Keras' ``decay``."""

    decay: float

    def __call__(self, t: int, steps: int) -> float:
        return 1 / (1 + self.decay * (t - 1))


@dataclass(frozen=True)
class WarmUpCosine:
    """The learning rate's factor: a line up to 1 in ``warm_up`` steps, then half a cosine to 0 at the last."""

    warm_up: int

    def __call__(self, t: int, steps: int) -> float:
        if t <= self.warm_up:
            return t / self.warm_up
        return (1 + math.cos(math.pi * (t - self.warm_up) / max(1, steps - self.warm_up))) / 2
