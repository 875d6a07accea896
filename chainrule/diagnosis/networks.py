"""A chainrule Network with the settings of its fit, as a training program: the same mathematics on tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import autograd
from chainrule.autograd import nn
from chainrule.autograd.optim.base import Optimizer as TensorOptimizer
from chainrule.core.errors import InputError, SettingError
from chainrule.core.types import Array
from chainrule.diagnosis.program import Program
from chainrule.layers import Layer, Module
from chainrule.losses import LOSSES, Loss
from chainrule.network import Network
from chainrule.optimizers import OPTIMIZERS, FullBatch, Optimizer
from chainrule.schedules import SCHEDULES, Schedule
from chainrule.training.evaluation import prepare

KINDS = {
    "cross_entropy": "cross_entropy", "focal": "cross_entropy", "kl_divergence": "cross_entropy",
    "binary_cross_entropy": "binary_cross_entropy", "binary_focal": "binary_cross_entropy",
    "mean_squared_error": "squared", "absolute_error": "absolute", "quantile": "absolute", "huber": "huber",
    "log_cosh": "huber", "hinge": "hinge", "squared_hinge": "hinge", "poisson": "poisson", "gamma": "gamma",
}  # fmt: skip


def program_of_network(
    network: Network,
    X: Any,
    y: Any,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer = "adam",
    schedule: str | Schedule = "constant",
    validation: Any = None,
    **settings: Any,
) -> Program:
    """Features as the network's preprocessing makes them, targets as its loss takes them.

    Raises InputError where a part of the network has no form on tensors.
    """
    chosen = LOSSES.make(loss) if loss is not None else network.loss
    if chosen is None:
        raise SettingError(f"diagnosis needs a loss, one of {', '.join(LOSSES)}; as in loss='cross_entropy'")
    rule = OPTIMIZERS.make(optimizer)
    if isinstance(rule, FullBatch):
        raise SettingError(f"{rule.name} takes no steps of its own to examine; try optimizer='adam'")
    held = None
    if validation is not None:
        held = prepare(network, chosen, validation[0], validation[1], "validation")
    features, target = prepare(network, chosen, X, y, "diagnosis")
    return program_of_rows(
        network,
        features,
        target,
        chosen,
        rule,
        network.state_dict(),
        schedule=None if schedule == "constant" else _Factor(SCHEDULES.make(schedule)),
        validation=held,
        **settings,
    )


def program_of_rows(
    network: Network,
    x: Array,
    target: Array,
    loss: Loss,
    rule: Optimizer,
    weights: Mapping[str, Array],
    **settings: Any,
) -> Program:
    """The same of rows in the forms that network and loss compute with, from other weights of it."""
    module = module_of(network, loss, weights)
    optimizer = rule.in_torch(autograd, module.parameters()) or Wrapped(module.parameters(), rule)
    told = "classes" if loss.task == "classes" else "values"
    return Program(module, x, target, loss=OnTensors(loss), optimizer=optimizer, told=told, **settings)


def module_of(network: Network, loss: Loss, weights: Mapping[str, Array]) -> Any:
    """The network up to its logits on tensors, with these weights."""
    module: Any = nn.Sequential(*(_part(each) for each in network.core_modules(loss)))
    module.load_state_dict({name: np.array(weights[name]) for name in module.state_dict()})
    if network.dtype == np.float64:
        module.double()
    return module


def _part(module: Module) -> Any:
    made = module.in_torch(autograd)
    if made is None:
        kind = "layer" if isinstance(module, Layer) else "activation"
        raise InputError(f"the {kind} {module.name} has no form on tensors, so this network can't be examined")
    if not isinstance(made, nn.Module):
        return _Called(made, module.name)
    return made


class _Called(nn.Module):
    """A function of tensors in the place of a module."""

    def __init__(self, function: Any, name: str) -> None:
        super().__init__()
        self.function, self.activation_name = function, name

    def forward(self, z: Any) -> Any:
        return self.function(z)


class OnTensors:
    """A loss of chainrule's shelf as a function of tensors, with the derivative it has there."""

    def __init__(self, loss: Loss) -> None:
        self.loss, self.name, self.reduction = loss, loss.name, loss.reduction
        self.kind = KINDS.get(loss.name, "other")
        self.takes = "logits" if loss.link not in ("identity", "exp") else "values"

    def __call__(self, outputs: Any, targets: Any) -> Any:
        return _Loss.apply(outputs, targets, self.loss)


class _Loss(autograd.autograd.Function):
    """Value and gradient come from the shelf in one call."""

    @staticmethod
    def forward(ctx: Any, outputs: Any, targets: Any, loss: Loss) -> Any:
        value, gradient = loss.value_and_gradient(outputs.detach().numpy(), targets.detach().numpy())
        ctx.save_for_backward(autograd.from_numpy(np.ascontiguousarray(gradient)))
        return autograd.as_tensor(np.asarray(value), dtype=outputs.dtype)

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream, None, None


class Wrapped(TensorOptimizer):
    """An optimizer of chainrule's shelf over tensors, one state for each."""

    def __init__(self, params: Any, rule: Optimizer, lr: float | None = None) -> None:
        self.rule = rule
        super().__init__(params, {"lr": rule.learning_rate if lr is None else lr, "rule": rule})

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"of": self.rule.start(theta.reshape(-1))}

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        flat = theta.reshape(-1)
        self.rule.step(flat, g.reshape(-1).copy(), state["of"], state["step"], float(group["lr"]))
        theta[...] = flat.reshape(theta.shape)


class _Factor:
    """A schedule as a factor of the peak."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, t: int, steps: int) -> float:
        return self.schedule.rate(t, steps, 1.0)
