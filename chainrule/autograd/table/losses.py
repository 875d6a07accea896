"""Losses whose derivative is not simply that of their formula's parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd.primitive import Primitive
from chainrule.autograd.table.elementwise import absolute, clamp, log, log1p, sign, where
from chainrule.core.types import Array

FLOOR = -100.0  # of the logarithms: a probability of 0 costs 100, not infinity
LEAST = 1e-12  # of p (1 - p) in the derivative

# d^2 / 2 near 0, delta (|d| - delta / 2) beyond
huber = Primitive(
    "huber", lambda d, *, delta: _huber(d, delta),
    d=lambda g, d, delta: g * where(absolute(d) < delta, d, delta * sign(d)),
)  # fmt: skip
binary_cross_entropy = Primitive(
    "binary_cross_entropy",
    lambda p, target: -(target * np.maximum(np.log(p), FLOOR) + (1 - target) * np.maximum(np.log1p(-p), FLOOR)),
    p=lambda g, p, target: g * (p - target) / clamp(p * (1 - p), LEAST, None),
    target=lambda g, p: g * (_floored(log1p(-p)) - _floored(log(p))),
)


def _huber(d: Array, delta: float) -> Array:
    size = np.abs(d)
    return np.where(size < delta, 0.5 * d * d, delta * (size - 0.5 * delta))


def _floored(x: Any) -> Any:
    return clamp(x, FLOOR, None)
