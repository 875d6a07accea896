"""Sums, means, norms and extremes over ``axes``. A result keeps its dimensions, of size 1: it broadcasts back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.autograd.primitive import Primitive, expand
from chainrule.autograd.table.elementwise import absolute, equal, exp, isnan, power, rsqrt, sign, where, zeros_like
from chainrule.core.types import Array, Shape

Axes = tuple[int, ...]


def count(shape: Shape, axes: Axes) -> int:
    """How many entries go into one result."""
    return math.prod(shape[axis] for axis in axes)


sum_over = Primitive(
    "sum", lambda x, *, axes: np.add.reduce(x, axes, keepdims=True), x=lambda g, shape: expand(g, shape=shape)
)
mean_over = Primitive(
    "mean",
    lambda x, *, axes: np.add.reduce(x, axes, keepdims=True) / x.dtype.type(count(x.shape, axes)),
    x=lambda g, shape, axes: expand(g / _or_nan(count(shape, axes)), shape=shape),
)
prod_over = Primitive(
    "prod",
    lambda x, *, axis: np.multiply.reduce(x, axis, keepdims=True),
    x=lambda g, x, y, axis: g * _product_of_the_others(x, y, axis),
)
var_over = Primitive(
    "var",
    lambda x, *, axes, correction: _variance(x, axes, correction),
    x=lambda g, x, axes, correction: _variance_derivative(g, x, axes, correction),
)
std_over = Primitive(
    "std",
    lambda x, *, axes, correction: np.sqrt(_variance(x, axes, correction)),
    x=lambda g, x, y, axes, correction: _variance_derivative(
        where(equal(y, 0), 0, g / (2 * y)), x, axes, correction
    ),
)
amax = Primitive("amax", lambda x, *, axes: np.maximum.reduce(x, axes, keepdims=True),
                 x=lambda g, x, y, axes: _shared_by_ties(g, x, y, axes))  # fmt: skip
amin = Primitive("amin", lambda x, *, axes: np.minimum.reduce(x, axes, keepdims=True),
                 x=lambda g, x, y, axes: _shared_by_ties(g, x, y, axes))  # fmt: skip
norm_over = Primitive(
    "norm",
    lambda x, *, axes, p: _norm(x, axes, p),
    x=lambda g, x, y, axes, p: _norm_derivative(g, x, y, axes, p),
)
logsumexp = Primitive(
    "logsumexp", lambda x, *, axes: _logsumexp(x, axes),
    x=lambda g, x, y: g * exp(x - where(equal(y, -math.inf), 0, y)),
)  # fmt: skip
cumsum = Primitive("cumsum", lambda x, *, axis: np.cumsum(x, axis, dtype=x.dtype),
                   x=lambda g, axis: flip(cumsum(flip(g, axes=(axis,)), axis=axis), axes=(axis,)))  # fmt: skip
flip = Primitive(
    "flip", lambda x, *, axes: np.flip(x, axes).copy(), x=lambda g, axes: flip(g, axes=axes), moves=True
)  # fmt: skip
softmax = Primitive(
    "softmax", lambda x, *, axis: _softmax(x, axis),
    x=lambda g, y, axis: y * (g - sum_over(g * y, axes=(axis,))),
)  # fmt: skip
log_softmax = Primitive(
    "log_softmax", lambda x, *, axis: _log_softmax(x, axis),
    x=lambda g, y, axis: g - exp(y) * sum_over(g, axes=(axis,)),
)  # fmt: skip
# (x - mean) / sqrt(var + eps): what layer and batch normalization share
normalized = Primitive(
    "normalized", lambda x, *, axes, eps: _normalized(x, axes, eps),
    x=lambda g, x, y, axes, eps: _inverse_deviation(x, axes, eps)
    * (g - mean_over(g, axes=axes) - y * mean_over(g * y, axes=axes)),
)  # fmt: skip

# -- the longer lines -----------------------------------------------------------------------------------


def _or_nan(n: int) -> float:
    return n or math.nan


def _product_of_the_others(x: Any, y: Any, axis: int) -> Any:
    """For each entry the product of the rest: y / x, but with a zero among them the product itself."""
    if (x != 0).all():
        return y / x
    n, last = x.shape[axis], x.ndim
    eye = np.eye(n, dtype=bool).reshape(*(n if i == axis else 1 for i in range(last)), n)
    moved = np.expand_dims(x, -1) if isinstance(x, np.ndarray) else x.unsqueeze(-1)
    others = where(eye, 1, _swap_last(moved, axis))  # entry i of `axis`: the entries along the last axis but i
    out = prod_over(others, axis=last)
    return out.reshape(x.shape)


def _swap_last(x: Any, axis: int) -> Any:
    order = list(range(x.ndim))
    order[axis], order[-1] = order[-1], order[axis]
    return x.transpose(order) if isinstance(x, np.ndarray) else x.permute(order)


def _variance(x: Array, axes: Axes, correction: float) -> Array:
    n = count(x.shape, axes)
    centered = x - np.add.reduce(x, axes, keepdims=True) / x.dtype.type(n)
    freedom = x.dtype.type(max(0.0, n - correction))
    return np.asarray(np.add.reduce(centered * centered, axes, keepdims=True) / freedom)


def _normalized(x: Array, axes: Axes, eps: float) -> Array:
    n = x.dtype.type(count(x.shape, axes))
    centered = x - np.add.reduce(x, axes, keepdims=True) / n
    variance = np.add.reduce(centered * centered, axes, keepdims=True) / n
    return np.asarray(centered / np.sqrt(variance + eps))


def _inverse_deviation(x: Any, axes: Axes, eps: float) -> Any:
    return rsqrt(var_over(x, axes=axes, correction=0) + eps)


def _variance_derivative(g: Any, x: Any, axes: Axes, correction: float) -> Any:
    freedom = count(x.shape, axes) - correction
    if freedom <= 0:
        return g * where(equal(x, mean_over(x, axes=axes)), math.nan, math.inf)
    return (2.0 / freedom) * g * (x - mean_over(x, axes=axes))


def _shared_by_ties(g: Any, x: Any, y: Any, axes: Axes) -> Any:
    """All the entries that are the extreme share its gradient; NaN is the extreme where there is one."""
    mask = equal(x, y) | (isnan(x) & isnan(y))
    share = g / sum_over(where(mask, zeros_like(x) + 1, 0), axes=axes)
    return where(mask, share, 0)


def _norm(x: Array, axes: Axes, p: float) -> Array:
    size = np.abs(x)
    if p == math.inf:
        return np.maximum.reduce(size, axes, keepdims=True)
    if p == -math.inf:
        return np.minimum.reduce(size, axes, keepdims=True)
    if p == 0:
        return np.add.reduce((x != 0).astype(x.dtype), axes, keepdims=True)
    if p == 1:
        return np.add.reduce(size, axes, keepdims=True)
    if p == 2:
        return np.sqrt(np.add.reduce(x * x, axes, keepdims=True))
    return np.add.reduce(size**p, axes, keepdims=True) ** (1 / p)


def _norm_derivative(g: Any, x: Any, y: Any, axes: Axes, p: float) -> Any:
    """g sign(x) |x|^(p-1) / y^(p-1); 0 where the norm is 0."""
    if p == 0:
        return zeros_like(x)
    if p == 1:
        return g * sign(x)
    if abs(p) == math.inf:
        return sign(x) * _shared_by_ties(g, absolute(x), y, axes)
    if p == 2:
        return x * where(equal(y, 0), 0, g / y)
    scale = where(equal(y, 0), 0, g / power(y, p - 1))
    if p < 2:
        return where(equal(x, 0), 0, sign(x) * power(absolute(x), p - 1)) * scale
    return x * power(absolute(x), p - 2) * scale


def _logsumexp(x: Array, axes: Axes) -> Array:
    top = np.maximum.reduce(x, axes, keepdims=True) if x.size else np.zeros(_kept(x.shape, axes), x.dtype)
    top = np.where(np.isinf(top), 0, top)
    return np.log(np.add.reduce(np.exp(x - top), axes, keepdims=True)) + top


def _kept(shape: Shape, axes: Axes) -> Shape:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _softmax(x: Array, axis: int) -> Array:
    if not x.size:
        return x.copy()
    e: Array = np.exp(x - np.maximum.reduce(x, axis, keepdims=True))
    e /= np.add.reduce(e, axis, keepdims=True)
    return e


def _log_softmax(x: Array, axis: int) -> Array:
    if not x.size:
        return x.copy()
    z = x - np.maximum.reduce(x, axis, keepdims=True)
    z -= np.log(np.add.reduce(np.exp(z), axis, keepdims=True))
    return z
