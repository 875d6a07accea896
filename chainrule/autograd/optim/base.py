"""``torch.optim.Optimizer``: groups of parameters, their settings and their state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, OperandError, UnsupportedError
from chainrule.autograd.modes import enable_grad, no_grad
from chainrule.autograd.tensor import Tensor
from chainrule.core.types import Array

# Arguments that change PyTorch's speed and not its results are taken, those that change results are not.
HARMLESS = ("foreach", "fused", "capturable")


class Optimizer:
    """Base: ``_update`` changes one parameter array in place; all else is here."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        for name in HARMLESS:
            defaults.setdefault(name, None)
        if defaults.pop("differentiable", False):
            raise UnsupportedError(f"{type(self).__name__}: differentiable=True is not supported")
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        if isinstance(params, Tensor):
            raise OperandError(
                "an optimizer takes an iterable of tensors, such as model.parameters(), not one tensor"
            )
        _ordered(params)
        given = list(params)
        if not given:
            raise AutogradError("the optimizer got no parameters")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """More parameters, with settings of their own."""
        group = dict(param_group)
        params = group["params"]
        _ordered(params)
        group["params"] = [params] if isinstance(params, Tensor) else [_tensor(p) for p in params]
        there = {id(p) for other in self.param_groups for p in other["params"]}
        for p in group["params"]:
            if id(p) in there:
                raise AutogradError("a parameter appears in more than one group, or twice in one")
            if not p.is_leaf:
                raise AutogradError("an optimizer changes leaves; this tensor was computed from others")
            there.add(id(p))
        for name, value in self.defaults.items():
            group.setdefault(name, value)
        self._check(group)
        self.param_groups.append(group)

    def _check(self, group: Mapping[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay", "momentum", "lr_decay", "alpha", "initial_accumulator_value"):
            if name in group and not float(group[name]) >= 0:
                raise AutogradError(f"{type(self).__name__}: {name} is 0 or more; came {group[name]}")
        for beta in group.get("betas", ()):
            if not 0 <= float(beta) < 1:
                raise AutogradError(f"{type(self).__name__}: betas are from 0 to below 1; came {group['betas']}")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, which otherwise add up."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p._grad is None:
                    p._grad = None
                else:
                    p._grad = p._grad.detach().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients; ``closure`` computes the loss again first, and its loss is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad(), np.errstate(all="ignore"):
            for group in self.param_groups:
                for p in group["params"]:
                    if p._grad is not None:
                        g = p._grad._array
                        self._update(p._array, -g if group.get("maximize") else g, self._state(p, group), group)
                        p._version[0] += 1
        return loss

    def _state(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        if p not in self.state:
            self.state[p] = {"step": 0, **self._start(p._array, group)}
        self.state[p]["step"] += 1
        return self.state[p]

    def _start(self, theta: Array, group: Mapping[str, Any]) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        raise NotImplementedError

    def _update(self, theta: Array, g: Array, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        """One step of one parameter; ``state["step"]`` counts from 1."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Settings by group and state by the parameter's number."""
        order = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [{**group, "params": [order[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": {order[id(p)]: copy.deepcopy(s) for p, s in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where ``state_dict()`` was taken."""
        groups = state_dict["param_groups"]
        sizes = [[len(group["params"]) for group in each] for each in (self.param_groups, groups)]
        if sizes[0] != sizes[1]:
            raise AutogradError(f"the state has groups of {sizes[1]} parameters, the optimizer of {sizes[0]}")
        for mine, group in zip(self.param_groups, groups, strict=True):
            mine.update({name: copy.deepcopy(value) for name, value in group.items() if name != "params"})
        order = [p for group in self.param_groups for p in group["params"]]
        self.state = {order[int(i)]: copy.deepcopy(s) for i, s in state_dict["state"].items()}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {value}" for name, value in sorted(group.items()) if name != "params"]
        return "\n".join([*lines, ")"])


def _ordered(params: Any) -> None:
    if isinstance(params, set | frozenset):
        raise OperandError("an optimizer takes its parameters in an order, such as a list; a set has none")


def _tensor(p: Any) -> Tensor:
    if isinstance(p, tuple) and len(p) == 2:  # named_parameters()
        p = p[1]
    if not isinstance(p, Tensor):
        raise OperandError(f"an optimizer takes tensors, not {type(p).__name__}")
    return p


def decayed(g: Array, theta: Array, group: Mapping[str, Any]) -> Array:
    """The gradient with the derivative of weight_decay / 2 * theta^2."""
    return g + group["weight_decay"] * theta if group["weight_decay"] else g
