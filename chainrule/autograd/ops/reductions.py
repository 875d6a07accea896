"""Sums, means, extremes and their like, over all dimensions or some."""

from __future__ import annotations

import builtins
import math
from collections import namedtuple
from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, OperandError, UnsupportedError, flag
from chainrule.autograd.ops.arithmetic import maximum, minimum
from chainrule.autograd.ops.base import (
    Function,
    axes,
    axis,
    cast_to,
    checked,
    constant,
    named,
    number,
    numpy_names,
    whole,
)
from chainrule.autograd.primitive import Primitive
from chainrule.autograd.table import reductions as t
from chainrule.autograd.table import shapes as st
from chainrule.autograd.tensor import Tensor

Extreme = namedtuple("Extreme", ["values", "indices"])


def without(x: Tensor, over: tuple[int, ...], keepdim: bool) -> Any:
    """The result of a reduction without the dimensions of size 1 that it kept."""
    if flag(keepdim, "keepdim") or not over:
        return x
    return st.reshape(x, to=tuple(n for i, n in enumerate(x._array.shape) if i not in over))


def _typed(input: Any, dtype: Any, what: str, of_floats: bool = False) -> Tensor:
    """In the type to sum in: the one asked for, or int64 for integers."""
    x = checked(input, what)
    if dtype is not None:
        x = cast_to(x, dtypes.numpy_type(dtype))
    elif x._array.dtype.kind != "f" and not of_floats:
        x = cast_to(x, np.dtype("int64"))
    if of_floats and x._array.dtype.kind != "f":
        raise AutogradError(f"{what} needs floats, and the tensor holds {x._array.dtype}; say x.float() or dtype=")
    return x


@numpy_names
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum over ``dim``, one or several, or over all."""
    x = _typed(input, dtype, "sum")
    over = axes(dim, x.ndim)
    return without(t.sum_over(x, axes=over), over, keepdim)


@numpy_names
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean over ``dim``, one or several, or over all; NaN of nothing."""
    x = _typed(input, dtype, "mean", of_floats=True)
    over = axes(dim, x.ndim)
    return without(t.mean_over(x, axes=over), over, keepdim)


@numpy_names
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The product over one dimension, or of all entries."""
    x = _typed(input, dtype, "prod")
    if dim is None:
        x, dim = st.reshape(x, to=(-1,)), 0
    if isinstance(dim, list | tuple):
        raise OperandError(f"prod takes one dimension, not {dim!r:.40}")
    over = axes(dim, x.ndim)
    return without(t.prod_over(x, axis=over[0]), over, keepdim) if over else t.sum_over(x, axes=())


def _spread(primitive: Primitive, input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    if isinstance(dim, bool):  # var(x, unbiased), an old form
        dim, unbiased = None, dim
    if unbiased is not None and not isinstance(unbiased, bool | int | np.bool_):
        raise OperandError(f"{primitive.name}: unbiased is True or False, not {unbiased!r:.40}")
    if unbiased is not None and correction is not None:
        raise OperandError(f"{primitive.name} takes unbiased or correction, not both")
    by = correction if correction is not None else 1 if unbiased is None or unbiased else 0
    x = _typed(input, None, primitive.name, of_floats=True)
    over = axes(dim, x.ndim)
    return without(primitive(x, axes=over, correction=number(by, primitive.name)), over, keepdim)


@numpy_names
def var(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """sum (x - mean)^2 / (n - correction); the correction is 1 unless said otherwise."""
    return _spread(t.var_over, input, dim, unbiased, correction, keepdim)


@numpy_names
def std(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The square root of ``var``; where it is 0, so is its derivative."""
    return _spread(t.std_over, input, dim, unbiased, correction, keepdim)


@numpy_names
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """(sum |x|^p)^(1/p); the largest |x| for p = inf, and the number of entries that are not 0 for p = 0."""
    if p is None or (isinstance(p, str) and p == "fro"):
        p = 2
    if isinstance(p, str):
        raise UnsupportedError(f"norm takes a number, inf or 'fro' as p, not {p!r:.40}")
    x = _typed(input, dtype, "norm", of_floats=True)
    over = axes(dim, x.ndim)
    power = float(number(p, "norm"))
    if not x.numel() and (power < 0 or power == math.inf) and t.count(x.shape, over) == 0:
        raise AutogradError(f"the norm with p = {p} of no numbers is not defined")
    return without(t.norm_over(x, axes=over, p=power), over, keepdim)


def _bounds(primitive: Primitive) -> Function:
    def function(input: Tensor, dim: Any = (), keepdim: bool = False) -> Any:
        x = checked(input, primitive.name)
        over = axes(dim, x.ndim)
        _some(x, over, primitive.name)
        return without(primitive(x, axes=over), over, keepdim)

    return numpy_names(named(function, primitive.name))


amax, amin = _bounds(t.amax), _bounds(t.amin)


def _some(x: Tensor, over: tuple[int, ...], what: str) -> None:
    if builtins.any(x._array.shape[each] == 0 for each in over):
        raise AutogradError(f"{what} of no numbers is not defined: shape {tuple(x.shape)}")


def _extreme(name: str, bounds: Function, positions: Function, of_two: Function) -> Function:
    def function(input: Tensor, dim: Any = None, keepdim: bool = False, other: Any = None) -> Any:
        if isinstance(dim, Tensor) or other is not None:
            return of_two(input, dim if other is None else other)
        if dim is None:
            return bounds(input)
        x = checked(input, name)
        at = positions(cast_to(x, np.dtype("uint8")) if x._array.dtype.kind == "b" else x, dim, keepdim=True)
        over = axes(dim, x.ndim)
        values = st.gather(x, at, axis=over[0]) if over else t.sum_over(x, axes=())
        return Extreme(without(values, over, keepdim), without(at, over, keepdim))

    return numpy_names(named(function, name))


def _positions(name: str, of: Any) -> Function:
    def function(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        x = checked(input, name)
        if x._array.dtype.kind == "b":
            raise AutogradError(f"{name} is for numbers; the tensor holds bools. Convert first, as with int()")
        over = axes(dim, x.ndim) if dim is None else axes(axis(dim, x.ndim), x.ndim)
        _some(x, over, name)
        at = of(x._array, None if dim is None else over[0] if over else None, keepdims=flag(keepdim, "keepdim"))
        return constant(np.asarray(at, np.int64))

    return numpy_names(named(function, name))


argmax, argmin = _positions("argmax", np.argmax), _positions("argmin", np.argmin)
max, min = _extreme("max", amax, argmax, maximum), _extreme("min", amin, argmin, minimum)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Sums of the entries so far, along one dimension."""
    x = _typed(input, dtype, "cumsum")
    along = axis(dim, x.ndim)
    return t.cumsum(x, axis=along) if x.ndim else t.sum_over(x, axes=())


@numpy_names
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Any:
    """log(sum(exp(x))), without overflow."""
    x = checked(input, "logsumexp")
    if not x.is_floating_point():
        x = cast_to(x, dtypes.get_default_dtype().numpy)
    over = axes(dim, x.ndim)
    return without(t.logsumexp(x, axes=over), over, keepdim)


def _truth(name: str, of: Any) -> Function:
    def function(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        x = checked(input, name)
        over = axes(dim, x.ndim)
        found = of(x._array, axis=over, keepdims=flag(keepdim, "keepdim"))
        return constant(np.asarray(found, np.uint8 if x._array.dtype == np.uint8 else bool))

    return numpy_names(named(function, name))


all, any = _truth("all", np.all), _truth("any", np.any)


def count_nonzero(input: Tensor, dim: Any = None) -> Any:
    """How many entries are not 0."""
    x = checked(input, "count_nonzero")
    return constant(np.asarray(np.count_nonzero(x._array, axis=axes(dim, x.ndim)), np.int64))


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Extreme:
    """The entries in order along one dimension, and where each stood; equal ones keep their order."""
    x = checked(input, "sort")
    at = argsort(x, dim, descending)
    return Extreme(st.gather(x, at, axis=axis(dim, x.ndim)), at) if x.ndim else Extreme(x.clone(), at)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Tensor:
    """The indices that would sort, NaN as the largest."""
    x = checked(input, "argsort")
    along = axis(dim, x.ndim)
    if not x.ndim:
        return constant(np.int64(0))
    if not flag(descending, "descending"):
        return constant(np.argsort(x._array, along, kind="stable"))
    turned = np.flip(x._array, along)
    return constant(np.flip(x._array.shape[along] - 1 - np.argsort(turned, along, kind="stable"), along).copy())


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extreme:
    """The ``k`` largest, or smallest, along one dimension, in order, and their indices."""
    x = checked(input, "topk")
    along = axis(dim, x.ndim)
    n = x._array.shape[along] if x.ndim else 1
    if not 0 <= whole(k, "topk: k") <= n:
        raise AutogradError(f"k is from 0 to the {n} entries of dimension {dim}; came {k}")
    values, at = sort(x, dim, descending=flag(largest, "topk: largest"))
    if not x.ndim:
        return Extreme(values, at)
    key = (slice(None),) * along + (slice(0, k),)
    return Extreme(st.index(values, key=key), st.index(at, key=key))
