"""Seeing a network layer by layer: each dense layer, what it is given, and what its activation makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from chainrule.activations import ACTIVATIONS
from chainrule.core.types import Array
from chainrule.diagnosis.libraries import array, looking, tensor
from chainrule.layers import Layer, Module
from chainrule.losses import Loss
from chainrule.network import Network

# class of a module -> the activation's name on chainrule's shelf
ACTIVE = {
    "ReLU": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax", "LogSoftmax": "log_softmax",
    "LeakyReLU": "leaky_relu", "ELU": "elu", "SELU": "selu", "CELU": "celu", "GELU": "gelu", "SiLU": "silu",
    "Softplus": "softplus", "Softsign": "softsign", "PReLU": "prelu", "ReLU6": "relu6", "Mish": "mish",
    "Hardswish": "hard_swish", "Hardsigmoid": "hard_sigmoid", "Hardtanh": "hard_tanh", "LogSigmoid": "log_sigmoid",
}  # fmt: skip
NORMALIZING = ("BatchNorm1d", "LayerNorm")
PLAIN = ("Identity", "Flatten", "Unflatten")
# Tried, in this order, where a program calls a function instead of a module.
FUNCTIONS = ("relu", "sigmoid", "tanh", "softmax", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus")


@dataclass
class Weights:
    """The arrays of a dense layer, where they are no tensors: live views."""

    weight: Array
    bias: Array | None
    gradient: Array | None = None


@dataclass
class Dense:
    """One dense layer over a batch of n rows, and all until the next.

    x (n, d_in) is what it takes, z (n, d_out) what the activation takes, a (n, d_out) what the next layer gets,
    in evaluation mode. ``activation`` is None where there is none, "unknown" where it is nothing known.
    """

    name: str
    index: int  # from 1
    module: Any
    x: Array
    z: Array
    a: Array
    activation: str | None = None
    normalized: bool = False
    dropout: float = 0.0
    modules: list[tuple[str, Any]] = field(default_factory=list)  # the ones between, with their paths

    @property
    def weight(self) -> Array:
        """(d_out, d_in), live."""
        return array(self.module.weight)

    @property
    def bias(self) -> Array | None:
        return None if self.module.bias is None else array(self.module.bias)

    @property
    def gradient(self) -> Array | None:
        """Of the weights, as it stands."""
        if isinstance(self.module, Weights):
            return self.module.gradient
        grad = self.module.weight.grad
        return None if grad is None else array(grad)

    @property
    def where(self) -> str:
        d_out, d_in = self.weight.shape
        return f"layer {self.index} ({d_in} to {d_out}{', ' + self.activation if self.activation else ''})"


@dataclass
class Look:
    """The network over some rows: its dense layers in order, and its output as the loss gets it."""

    layers: list[Dense]
    output: Array

    @property
    def hidden(self) -> list[Dense]:
        return self.layers[:-1]

    @property
    def last(self) -> Dense:
        return self.layers[-1]


class Sight(Protocol):
    """What can be looked at while it trains."""

    def look(self, X: Array) -> Look:
        """Run these rows through the network in evaluation mode, changing nothing."""


class ModuleSight:
    """Looks at a module of torch or chainrule.autograd through hooks; nothing of it is changed."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self._functions: dict[str, str | None] = {}  # found once, of functions between layers

    def look(self, X: Array) -> Look:
        seen: list[tuple[str, Any, Any, Any]] = []
        with looking(self.module), _hooked(self.module, seen):
            out = self.module(tensor(X, self.module))
        output = array(out)
        return Look(self._layers(seen, output), output)

    def _layers(self, seen: list[tuple[str, Any, Any, Any]], output: Array) -> list[Dense]:
        layers: list[Dense] = []
        for name, module, given, made in seen:
            kind = type(module).__name__
            if kind == "Linear":
                z = array(made)
                layers.append(Dense(name, len(layers) + 1, module, array(given), z, z))
            elif layers:
                self._between(layers[-1], name, module, kind, given, made)
        for layer, after in zip(layers, [*(one.x for one in layers[1:]), output], strict=True):
            if layer.activation is None and after.size == layer.z.size:
                after = after.reshape(layer.z.shape)
                if layer.name not in self._functions:
                    self._functions[layer.name] = function_between(layer.z, after)
                layer.activation, layer.a = self._functions[layer.name], after
        return layers

    @staticmethod
    def _between(layer: Dense, name: str, module: Any, kind: str, given: Any, made: Any) -> None:
        layer.modules.append((name, module))
        activation = getattr(module, "activation_name", ACTIVE.get(kind))
        if kind in NORMALIZING:
            layer.normalized = True
            if layer.activation is None:
                layer.z = layer.a = array(made)
        elif kind == "Dropout":
            layer.dropout = max(layer.dropout, float(module.p))
        elif activation not in (None, "identity"):
            if layer.activation is None:
                layer.activation, layer.z = activation, array(given)
            layer.a = array(made)
        elif kind not in PLAIN and layer.activation is None:
            layer.a = array(made)


@contextmanager
def _hooked(module: Any, seen: list[tuple[str, Any, Any, Any]]) -> Iterator[None]:
    """Each part without parts of its own tells, as it is called, what it is given and what it makes."""

    def tell(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(part: Any, given: Any, made: Any) -> None:
            seen.append((name, part, given[0], made))

        return hook

    handles = [
        part.register_forward_hook(tell(name))
        for name, part in module.named_modules()
        if next(iter(part.children()), None) is None
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def function_between(z: Array, a: Array) -> str | None:
    """The activation that makes ``a`` of ``z``; None where they are equal, "unknown" where none on the shelf
    does."""
    z64, a64 = z.astype(np.float64), a.astype(np.float64)
    if np.allclose(z64, a64, rtol=1e-5, atol=1e-7, equal_nan=True):
        return None
    with np.errstate(all="ignore"):
        for name in FUNCTIONS:
            made = ACTIVATIONS.make(name).forward(z64)
            if np.allclose(made, a64, rtol=1e-4, atol=1e-6, equal_nan=True):
                return name
    return "unknown"


class NetworkSight:
    """Looks at a chainrule Network; ``gradients`` are those of its engine, by PyTorch's names."""

    def __init__(self, network: Network, loss: Loss, gradients: Mapping[str, Array]) -> None:
        self._modules = network.core_modules(loss)
        state = network.state_dict()
        self._views = network._views
        self._weights = {
            i: Weights(state[f"{i}.weight"], state.get(f"{i}.bias"), gradients.get(f"{i}.weight"))
            for i, module in enumerate(self._modules)
            if module.name == "dense"
        }

    def look(self, X: Array) -> Look:
        """X is features as the first layer takes them."""
        layers: list[Dense] = []
        x = X
        for i, (module, views) in enumerate(zip(self._modules, self._views, strict=False)):
            made = module.forward(x, views) if isinstance(module, Layer) else module.forward(x)
            if i in self._weights:
                layers.append(Dense(str(i), len(layers) + 1, self._weights[i], x, made, made))
            elif layers:
                self._between(layers[-1], module, x, made)
            x = made
        return Look(layers, x)

    @staticmethod
    def _between(layer: Dense, module: Module, given: Array, made: Array) -> None:
        if isinstance(module, Layer) and not module.is_activation:
            layer.normalized |= module.is_normalization
            if layer.activation is None:
                layer.z = layer.a = made
        elif layer.activation is None:
            layer.activation, layer.z, layer.a = module.name, given, made
