"""Activation functions."""

from __future__ import annotations

import functools
from typing import Any

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, ShapeError, flag
from chainrule.autograd.inplace import in_place
from chainrule.autograd.ops import arithmetic
from chainrule.autograd.ops.base import Function, axis, cast_to, checked, floats, named, number
from chainrule.autograd.ops.creation import random
from chainrule.autograd.prediction import DROPS, refuse_training_mode
from chainrule.autograd.primitive import Primitive
from chainrule.autograd.table import activations as t
from chainrule.autograd.table import reductions as rt
from chainrule.autograd.table.elementwise import mul
from chainrule.autograd.tensor import Tensor, wrap

tanh, sigmoid = arithmetic.tanh, arithmetic.sigmoid


def with_inplace(function: Function) -> Function:
    """Adds PyTorch's argument ``inplace``, which writes the result into the input."""
    changing = in_place(function)

    @functools.wraps(function)
    def accepting(input: Tensor, *arguments: Any, inplace: bool = False, **settings: Any) -> Any:
        # PyTorch takes `inplace` as the last positional argument too
        return (changing if inplace else function)(input, *arguments, **settings)

    return accepting


def _plain(line: Primitive, inplace: bool = True) -> Function:
    def function(input: Tensor) -> Any:
        return line(floats(input, line.name))

    named(function, line.name)
    return with_inplace(function) if inplace else function


softsign, logsigmoid = _plain(t.softsign, inplace=False), _plain(t.logsigmoid, inplace=False)
silu, mish, hardsigmoid, hardswish = (_plain(line) for line in (t.silu, t.mish, t.hardsigmoid, t.hardswish))


def _relu(input: Tensor) -> Any:
    """max(0, x); the derivative at 0 is 0."""
    x = checked(input, "relu")
    if x._array.dtype.kind == "b":
        raise AutogradError("relu is for numbers; the tensor holds bools")
    return t.relu(x)


relu = with_inplace(_relu)
relu.__name__ = "relu"


@with_inplace
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Any:
    """x above 0, ``negative_slope`` x below."""
    return t.leaky_relu(floats(input, "leaky_relu"), slope=number(negative_slope, "leaky_relu"))


def prelu(input: Tensor, weight: Tensor) -> Any:
    """x above 0, weight x below; one weight, or one for each entry of dimension 1."""
    x, w = checked(input, "prelu"), checked(weight, "prelu")
    if x._array.dtype != w._array.dtype:
        raise AutogradError(f"prelu takes one dtype; came {x.dtype} and {w.dtype}")
    channels = x._array.shape[1] if x.ndim > 1 else 1
    if w.numel() != 1 and (w.ndim != 1 or w.numel() != channels):
        raise ShapeError(f"prelu takes 1 weight or {channels}, one a channel; came shape {tuple(w.shape)}")
    if w.numel() == 1:
        return t.prelu(x, w.reshape(()) if w.ndim > x.ndim else w)
    return t.prelu(x, w.reshape((-1, *(1,) * (x.ndim - 2))))


@with_inplace
def elu(input: Tensor, alpha: float = 1.0) -> Any:
    """x above 0, alpha (exp(x) - 1) below."""
    return t.exponential_unit(floats(input, "elu"), alpha=number(alpha, "elu"), scale=1.0, rate=1.0)


@with_inplace
def selu(input: Tensor) -> Any:
    """ELU with the two constants that keep mean 0 and variance 1."""
    return t.exponential_unit(floats(input, "selu"), alpha=t.SELU_ALPHA, scale=t.SELU_SCALE, rate=1.0)


@with_inplace
def celu(input: Tensor, alpha: float = 1.0) -> Any:
    """x above 0, alpha (exp(x / alpha) - 1) below."""
    if number(alpha, "celu") == 0:
        raise AutogradError("celu divides by alpha, which is 0")
    return t.exponential_unit(floats(input, "celu"), alpha=alpha, scale=1.0, rate=1 / alpha)


def gelu(input: Tensor, *, approximate: str = "none") -> Any:
    """x times the probability that a normal number is below x; "tanh" approximates it."""
    if approximate not in ("none", "tanh"):
        raise AutogradError(f"approximate is 'none' or 'tanh', not {approximate!r:.40}")
    return (t.gelu if approximate == "none" else t.gelu_tanh)(floats(input, "gelu"))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold."""
    beta, threshold = number(beta, "softplus"), number(threshold, "softplus")
    return t.softplus(floats(input, "softplus"), beta=beta, threshold=threshold)


@with_inplace
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x kept from ``min_val`` to ``max_val``."""
    if number(min_val, "hardtanh") > number(max_val, "hardtanh"):
        raise AutogradError(f"hardtanh takes min_val <= max_val; came {min_val} and {max_val}")
    return t.hardtanh(checked(input, "hardtanh"), low=min_val, high=max_val)


@with_inplace
def relu6(input: Tensor) -> Any:
    """x kept from 0 to 6."""
    return t.hardtanh(checked(input, "relu6"), low=0, high=6)


def _typed(input: Any, dim: Any, dtype: Any, what: str) -> tuple[Tensor, int]:
    x = checked(input, what) if dtype is None else cast_to(checked(input, what), dtypes.numpy_type(dtype))
    if not x.is_floating_point():
        raise AutogradError(f"{what} is for floats, not {x.dtype}; say dtype=torch.float32")
    if dim is None:
        raise AutogradError(f"{what} needs dim, the dimension along which it sums to 1; for rows of scores dim=1")
    return x, axis(dim, x.ndim)


def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Any:
    """exp(x) / sum exp(x) along ``dim``."""
    x, along = _typed(input, dim, dtype, "softmax")
    out = rt.softmax(x.reshape(1), axis=0).reshape(()) if not x.ndim else rt.softmax(x, axis=along)
    out.origin = "softmax"
    return out


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Any:
    """log(softmax(x)), without a logarithm of 0."""
    x, along = _typed(input, dim, dtype, "log_softmax")
    return rt.log_softmax(x.reshape(1), axis=0).reshape(()) if not x.ndim else rt.log_softmax(x, axis=along)


@with_inplace
def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Any:
    """Each entry 0 with probability p, the others divided by 1 - p; only in training."""
    if not 0 <= number(p, "dropout") <= 1:
        raise AutogradError(f"the probability to drop is from 0 to 1; came {p}")
    x = checked(input, "dropout")
    if not flag(training, "dropout: training") or p == 0:
        return mul(x, 1) if x.requires_grad else x.clone()
    refuse_training_mode(DROPS)
    if p == 1:
        return mul(x, 0.0)
    kept = random().random(x._array.shape) >= p
    return mul(x, wrap((kept / (1 - p)).astype(x._array.dtype)))
