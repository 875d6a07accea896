"""Layers of a case as modules of ``chainrule.autograd``, with Keras' initial weights and settings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.autograd import nn
from chainrule.autograd.ops.creation import tensor
from chainrule.core.settings import nearest
from chainrule.core.types import Array
from chainrule.diagnosis.cases.reading import NotRunError

Numbers = np.random.Generator


class UnshiftedSoftmax(nn.Softmax):  # type: ignore[misc]  # (the class is made from a table)
    """exp(z) / sum exp(z) along ``dim``: overflows where PyTorch's, which subtracts the maximum, does not."""

    def forward(self, input: Any) -> Any:
        """The quotient as written."""
        powers = input.exp()
        return powers / powers.sum(dim=self.dim, keepdim=True)


class Exponential(nn.Module):
    """a = exp(z)."""

    def forward(self, input: Any) -> Any:
        """The exponential."""
        return input.exp()


class HardSigmoid(nn.Module):
    """a = min(1, max(0, z / 5 + 1/2)), Keras' (PyTorch's has z / 6)."""

    def forward(self, input: Any) -> Any:
        """The three pieces."""
        return (input * 0.2 + 0.5).clamp(0, 1)


ACTIVATIONS: Mapping[str, Callable[[], nn.Module] | None] = {
    "linear": None, "none": None, "identity": None,
    "relu": nn.ReLU, "relu6": nn.ReLU6,
    "leaky_relu": lambda: nn.LeakyReLU(0.3), "leakyrelu": lambda: nn.LeakyReLU(0.3),
    "prelu": nn.PReLU, "elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "swish": nn.SiLU,
    "mish": nn.Mish, "sigmoid": nn.Sigmoid, "hard_sigmoid": HardSigmoid, "tanh": nn.Tanh, "softplus": nn.Softplus,
    "softsign": nn.Softsign, "exponential": Exponential, "exp": Exponential,
    "softmax": lambda: nn.Softmax(dim=1), "log_softmax": lambda: nn.LogSoftmax(dim=1),
}  # fmt: skip


def activation(layer: Mapping[str, Any]) -> nn.Module | None:
    """The module of a layer's activation; None where it is linear."""
    name = str(layer.get("activation") or "linear").lower()
    if name not in ACTIVATIONS:
        raise NotRunError(f"unknown activation {name!r:.60}.{nearest(name, ACTIVATIONS)}")
    if name == "softmax" and ("axis" in layer or layer.get("shifted") is False):
        kind = UnshiftedSoftmax if layer.get("shifted") is False else nn.Softmax
        return kind(dim=int(layer.get("axis", 1)))
    make = ACTIVATIONS[name]
    return make() if make else None


_CALL = re.compile(r"^\s*(?P<name>[a-z_0-9]+)\s*(?:\((?P<given>[^()]*)\))?\s*$")
# variance * fan of each family; Keras draws its normal ones truncated at two standard deviations
_FANS: Mapping[str, tuple[float, Callable[[int, int], float]]] = {
    "glorot": (1.0, lambda d_in, d_out: (d_in + d_out) / 2),
    "xavier": (1.0, lambda d_in, d_out: (d_in + d_out) / 2),
    "he": (2.0, lambda d_in, d_out: d_in),
    "kaiming": (2.0, lambda d_in, d_out: d_in),
    "lecun": (1.0, lambda d_in, d_out: d_in),
}  # fmt: skip


def initial(text: object, shape: tuple[int, int], rng: Numbers) -> Array:
    """Weights (d_out, d_in) from a name: "glorot_uniform", "he_normal", "uniform(-0.05,0.05)", "zeros" ..."""
    match = _CALL.match(str(text or "glorot_uniform").lower())
    name, given = (match["name"], match["given"]) if match else (str(text), None)
    try:
        numbers = [float(part) for part in given.split(",")] if given else []
    except ValueError:
        raise NotRunError(f"the initializer {text!r:.60} has settings that are no numbers") from None
    d_out, d_in = shape
    family, _, form = name.partition("_")
    if family in _FANS and form in ("uniform", "normal"):
        gain, fan = _FANS[family]
        std = math.sqrt(gain / fan(d_in, d_out))
        return _uniform(std * math.sqrt(3), rng, shape) if form == "uniform" else _truncated(std, rng, shape)
    plain: dict[str, Callable[..., Array]] = {
        "uniform": lambda low=-0.05, high=0.05: rng.uniform(low, high, shape),
        "normal": lambda mean=0.0, std=0.05: rng.normal(mean, std, shape),
        "truncated_normal": lambda mean=0.0, std=0.05: mean + _truncated(std, rng, shape),
        "constant": lambda value=0.0: np.full(shape, value),
        "zeros": lambda: np.zeros(shape), "zero": lambda: np.zeros(shape), "ones": lambda: np.ones(shape),
        "orthogonal": lambda gain=1.0: gain * _orthogonal(shape, rng),
        "identity": lambda gain=1.0: gain * np.eye(*shape),
    }  # fmt: skip
    key = name.removeprefix("random_")
    if key not in plain:
        raise NotRunError(
            f"unknown initializer {text!r:.60}.{nearest(key, [*plain, 'glorot_uniform', 'he_normal'])}"
        )
    try:
        return plain[key](*numbers)
    except (TypeError, ValueError):
        raise NotRunError(f"the initializer {text!r:.60} cannot take those numbers") from None


def _uniform(limit: float, rng: Numbers, shape: tuple[int, int]) -> Array:
    return rng.uniform(-limit, limit, shape)


def _truncated(std: float, rng: Numbers, shape: tuple[int, int]) -> Array:
    """Normal numbers within two of their standard deviations, scaled so that ``std`` is theirs."""
    values = rng.normal(0, 1, shape)
    while (far := np.abs(values) > 2).any():
        values[far] = rng.normal(0, 1, int(far.sum()))
    return values * (std / 0.87962566103423978)


def _orthogonal(shape: tuple[int, int], rng: Numbers) -> Array:
    long = max(shape)
    q, r = np.linalg.qr(rng.normal(0, 1, (long, min(shape))))
    q = q * np.sign(np.diag(r))
    return q if q.shape == shape else q.T


def dense(layer: Mapping[str, Any], d_in: int, rng: Numbers) -> nn.Linear:
    """A Linear with the weights the layer asks for, and biases of 0 unless ``bias_init`` says otherwise."""
    units = int(layer["units"])
    linear = nn.Linear(d_in, units, bias=layer.get("bias", True) is not False)
    linear.weight.data = tensor(initial(layer.get("init"), (units, d_in), rng).astype(np.float32))
    if linear.bias is not None:
        start = initial(layer.get("bias_init") or "zeros", (units, 1), rng)[:, 0]
        linear.bias.data = tensor(start.astype(np.float32))
    return linear


def network(layers: list[dict[str, Any]], d_in: int, rng: Numbers) -> nn.Sequential:
    """The layers in a row. NotRunError names the first that is not known."""
    parts: list[nn.Module] = []
    for layer in layers:
        kind = str(layer.get("type", "dense")).lower().replace("_", "").replace("normalization", "norm")
        if kind == "dense":
            parts.append(dense(layer, int(layer.get("input_dim", d_in)), rng))
            d_in = int(layer["units"])
        elif kind == "dropout":
            parts.append(nn.Dropout(float(layer.get("p", layer.get("rate", 0.5)))))
        elif kind in ("batchnorm", "batchnorm1d"):
            # Keras: running = 0.99 running + 0.01 batch, epsilon 1e-3
            parts.append(nn.BatchNorm1d(d_in, eps=1e-3, momentum=0.01))
        elif kind == "layernorm":
            parts.append(nn.LayerNorm(d_in, eps=1e-3))
        elif kind not in ("activation", "flatten", "input"):
            raise NotRunError(
                f"unknown layer {layer.get('type')!r:.60}; known: dense, dropout, batchnorm, activation"
            )
        if (curve := activation(layer)) is not None:
            parts.append(curve)
    return nn.Sequential(*parts)
