"""Activation functions that are not in the table of elementwise functions already."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.autograd.primitive import Primitive
from chainrule.autograd.table.elementwise import (
    absolute,
    erf,
    erf_array,
    exp,
    log1p,
    sigmoid,
    sigmoid_array,
    tanh,
    where,
)
from chainrule.core.types import Array

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

relu = Primitive("relu", lambda x: np.maximum(x, 0), x=lambda g, y: where(y <= 0, 0, g))
leaky_relu = Primitive(
    "leaky_relu",
    lambda x, *, slope: np.where(x > 0, x, x * slope),
    x=lambda g, x, slope: where(x > 0, g, g * slope),
)
prelu = Primitive(
    "prelu", lambda x, w: np.where(x > 0, x, x * w),
    x=lambda g, x, w: where(x > 0, g, g * w), w=lambda g, x: where(x > 0, 0, g * x),
)  # fmt: skip
# scale * x above 0, scale * alpha * (exp(rate * x) - 1) below: ELU, CELU and SELU
exponential_unit = Primitive(
    "elu",
    lambda x, *, alpha, scale, rate: np.where(x > 0, scale * x, scale * alpha * np.expm1(rate * np.minimum(x, 0))),
    x=lambda g, x, alpha, scale, rate: where(
        x > 0, g * scale, g * (scale * alpha * rate) * exp(rate * where(x > 0, 0, x))
    ),
)
gelu = Primitive(
    "gelu", lambda x: x * 0.5 * (1 + erf_array(x / math.sqrt(2))),
    x=lambda g, x: g * (0.5 * (1 + erf(x / math.sqrt(2))) + x * exp(-0.5 * x * x) / math.sqrt(2 * math.pi)),
)  # fmt: skip
gelu_tanh = Primitive(
    "gelu", lambda x: 0.5 * x * (1 + np.tanh(_inner(x))), x=lambda g, x: g * _gelu_tanh_derivative(x)
)  # fmt: skip
silu = Primitive(
    "silu", lambda x: x * sigmoid_array(x), x=lambda g, x: g * (sigmoid(x) * (1 + x * (1 - sigmoid(x))))
)  # fmt: skip
mish = Primitive("mish", lambda x: x * np.tanh(_softplus(x)), x=lambda g, x: g * _mish_derivative(x))
softplus = Primitive(
    "softplus", lambda x, *, beta, threshold: np.where(x * beta > threshold, x, _softplus(x * beta) / beta),
    x=lambda g, x, beta, threshold: where(x * beta > threshold, g, g * sigmoid(x * beta)),
)  # fmt: skip
softsign = Primitive(
    "softsign", lambda x: x / (1 + np.abs(x)), x=lambda g, x: g / ((1 + absolute(x)) * (1 + absolute(x)))
)  # fmt: skip
hardtanh = Primitive(
    "hardtanh", lambda x, *, low, high: np.clip(x, low, high),
    x=lambda g, x, low, high: where((x <= low) | (x >= high), 0, g),
)  # fmt: skip
hardsigmoid = Primitive(
    "hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6, x=lambda g, x: where((x > -3) & (x < 3), g / 6, 0)
)  # fmt: skip
hardswish = Primitive(
    "hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6,
    x=lambda g, x: where(x <= -3, 0, where(x < 3, g * (x / 3 + 0.5), g)),
)  # fmt: skip
logsigmoid = Primitive(
    "logsigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), x=lambda g, x: g * sigmoid(-x)
)  # fmt: skip


def _softplus(x: Array) -> Array:
    """log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _inner(x: Any) -> Any:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))


def _gelu_tanh_derivative(x: Any) -> Any:
    t = tanh(_inner(x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * (x * x)))


def _mish_derivative(x: Any) -> Any:
    t = tanh(where(x > 0, x, 0) + log1p(exp(-absolute(x))))
    return t + x * sigmoid(x) * (1 - t * t)
