"""Where the numbers stand: reshaping, permuting, joining, splitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, ShapeError
from chainrule.autograd.ops.base import axis, checked, new_sizes, or_by_name, sizes, whole
from chainrule.autograd.primitive import expand as expand_primitive
from chainrule.autograd.table import reductions as rt
from chainrule.autograd.table import shapes as t
from chainrule.autograd.tensor import Tensor
from chainrule.core.types import Shape


def _filled(x: Tensor, given: Sequence[Any], what: str) -> Shape:
    """The sizes, with -1 replaced by what is left."""
    shape = sizes(given)
    n = x._array.size
    if shape.count(-1) > 1 or any(size < -1 for size in shape):
        raise AutogradError(f"{what} takes sizes of 0 or more and at most one -1; came {shape}")
    if -1 in shape:
        rest = -math.prod(shape)
        if rest == 0:
            raise AutogradError(f"{what} to {shape}: with a 0 among the sizes -1 could be anything")
        shape = tuple(n // rest if size == -1 else size for size in shape)
    if math.prod(shape) != n:
        raise ShapeError(f"{what}: {n} entries of shape {tuple(x.shape)} do not fill the shape {sizes(given)}")
    return shape


@or_by_name("shape")
def reshape(input: Tensor, *shape: Any) -> Any:
    """The same entries in another shape; one size may be -1. A view where the memory allows."""
    x = checked(input, "reshape")
    return t.reshape(x, to=_filled(x, shape, "reshape"))


@or_by_name("size")
def view(input: Tensor, *shape: Any) -> Any:
    """The same memory in another shape; an error where that needs a copy."""
    x = checked(input, "view")
    out = t.reshape(x, to=_filled(x, shape, "view"))
    if out._base is None and x._array.size:
        raise AutogradError(
            f"view: a tensor of shape {tuple(x.shape)} and stride {x.stride()} cannot be seen as {sizes(shape)} "
            "without a copy; say reshape()"
        )
    return out


def view_as(input: Tensor, other: Tensor) -> Any:
    """``view`` in the shape of another."""
    return view(input, other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Any:
    """``reshape`` to the shape of another."""
    return reshape(input, other.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from ``start_dim`` to ``end_dim`` as one."""
    x = checked(input, "flatten")
    start, end = axis(start_dim, x.ndim), axis(end_dim, x.ndim)
    if start > end:
        raise AutogradError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    shape = tuple(x._array.shape) or (1,)
    return t.reshape(x, to=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def ravel(input: Tensor) -> Any:
    """All entries along one dimension."""
    return flatten(input)


@or_by_name("dims")
def permute(input: Tensor, *dims: Any) -> Any:
    """The dimensions in another order."""
    x = checked(input, "permute")
    order = tuple(axis(dim, x.ndim) for dim in sizes(dims))
    if sorted(order) != list(range(x.ndim)):
        raise AutogradError(f"permute takes each of the {x.ndim} dimensions once; came {sizes(dims)}")
    return t.permute(x, axes=order)


def transpose(input: Tensor, dim0: int, dim1: int) -> Any:
    """Two dimensions exchanged."""
    x = checked(input, "transpose")
    a, b = axis(dim0, x.ndim), axis(dim1, x.ndim)
    order = list(range(x.ndim))
    if x.ndim:
        order[a], order[b] = b, a
    return t.permute(x, axes=tuple(order))


swapaxes = transpose


def t_(input: Tensor) -> Any:
    """A matrix transposed; fewer dimensions as they are."""
    x = checked(input, "t")
    if x.ndim > 2:
        raise AutogradError(f"t() is for at most 2 dimensions, not {x.ndim}; say transpose() or mT")
    return t.permute(x, axes=tuple(reversed(range(x.ndim))))


def matrix_transpose(input: Tensor) -> Any:
    """The last two dimensions exchanged."""
    if input.ndim < 2:
        raise AutogradError(f"mT is for 2 dimensions or more, not {input.ndim}")
    return t.turned(input)


def squeeze(input: Tensor, dim: Any = None) -> Any:
    """Without dimensions of size 1: all such, or those of ``dim`` that are."""
    x = checked(input, "squeeze")
    over = range(x.ndim) if dim is None else dim if isinstance(dim, list | tuple) else (dim,)
    found = [axis(each, x.ndim) for each in over]
    if len(set(found)) != len(found):
        raise AutogradError(f"a dimension appears twice in {dim}")
    shape = x._array.shape
    return t.reshape(x, to=tuple(n for i, n in enumerate(shape) if n != 1 or i not in found))


def unsqueeze(input: Tensor, dim: int) -> Any:
    """With a dimension of size 1 put in at ``dim``."""
    x = checked(input, "unsqueeze")
    at = axis(dim, x.ndim + 1)
    return t.reshape(x, to=(*x._array.shape[:at], 1, *x._array.shape[at:]))


@or_by_name("size")
def expand(input: Tensor, *size: Any) -> Any:
    """Dimensions of size 1 repeated without a copy; -1 leaves a size as it is."""
    x = checked(input, "expand")
    wanted, shape = sizes(size), tuple(x._array.shape)
    extra = len(wanted) - len(shape)
    if extra < 0:
        raise ShapeError(f"expand: {len(shape)} dimensions cannot become {len(wanted)}; came {wanted}")
    to = []
    for i, n in enumerate(wanted):
        own = shape[i - extra] if i >= extra else None
        if n == -1 and own is None:
            raise ShapeError(f"expand: -1 keeps a size, and dimension {i} of {wanted} is new")
        if n < -1 or (n != -1 and own not in (None, 1, n)):
            raise ShapeError(f"expand: shape {shape} does not broadcast to {wanted}")
        to.append(own if n == -1 else n)
    return expand_primitive(x, shape=tuple(to))


def expand_as(input: Tensor, other: Tensor) -> Any:
    """``expand`` to the shape of another."""
    return expand(input, other.shape)


def broadcast_to(input: Tensor, shape: Any) -> Any:
    """``expand`` under NumPy's name."""
    return expand(input, shape)


@or_by_name("repeats")
def repeat(input: Tensor, *repeats: Any) -> Any:
    """Copies side by side, so many along each dimension."""
    x, times = checked(input, "repeat"), new_sizes(repeats)
    if len(times) < x.ndim:
        raise ShapeError(f"repeat takes a number for each of {x.ndim} dimensions; came {times}")
    shape = (1,) * (len(times) - x.ndim) + tuple(x._array.shape)
    paired = [n for pair in zip(times, shape, strict=True) for n in pair]
    split_shape = t.reshape(x, to=[n for size in shape for n in (1, size)])
    wide = expand_primitive(split_shape, shape=tuple(paired))
    out = t.reshape(wide, to=tuple(a * b for a, b in zip(times, shape, strict=True)))
    return out if out._base is None else t.clone(out)


@or_by_name("dims")
def flip(input: Tensor, *dims: Any) -> Any:
    """The entries in reverse along dimensions."""
    x = checked(input, "flip")
    over = tuple(axis(dim, x.ndim) for dim in sizes(dims))
    if len(set(over)) != len(over):
        raise AutogradError(f"a dimension appears twice in {sizes(dims)}")
    return rt.flip(x, axes=over if x.ndim else ())


def _triangle(input: Tensor, diagonal: int, of: Any) -> Any:
    x = checked(input, of.__name__)
    if x.ndim < 2:
        raise AutogradError(f"{of.__name__} is for 2 dimensions or more, not {x.ndim}")
    rows, columns = x._array.shape[-2:]
    at = max(-rows, min(whole(diagonal, f"{of.__name__}: diagonal"), columns))  # NumPy overflows far outside
    return t.triangle(x, keep=of(np.ones((rows, columns), bool), at))


def tril(input: Tensor, diagonal: int = 0) -> Any:
    """The lower triangle of matrices, 0 elsewhere."""
    return _triangle(input, diagonal, np.tril)


def triu(input: Tensor, diagonal: int = 0) -> Any:
    """The upper triangle of matrices, 0 elsewhere."""
    return _triangle(input, diagonal, np.triu)


def contiguous(input: Tensor) -> Any:
    """The tensor itself if its entries lie in order, else a copy."""
    x = checked(input, "contiguous")
    return x if x.is_contiguous() else t.clone(x)
