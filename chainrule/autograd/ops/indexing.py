"""Parts of tensors by index, by mask and by position, read and written."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, OperandError, PositionError, ShapeError, UnsupportedError
from chainrule.autograd.inplace import EVERYTHING, copy_, filler, write
from chainrule.autograd.modes import mode
from chainrule.autograd.ops.arithmetic import where
from chainrule.autograd.ops.base import axis, broadcast_of, cast_to, checked, constant
from chainrule.autograd.ops.shapes import expand, reshape
from chainrule.autograd.table import shapes as t
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.types import Array

Key = tuple[Any, ...]


def getitem(input: Tensor, key: Any) -> Any:
    """``input[key]``: integers, slices, None and ... give views; tensors of integers and masks give copies."""
    basic, advanced = _steps(input, key)
    out = t.index(input, key=basic)
    if advanced is not None:
        out = t.index(out, key=_safe(advanced))
    return out


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """``input[key] = value``, in place."""
    basic, advanced = _steps(input, key)
    part = t.index(input, key=basic) if basic else input
    if advanced is None:
        copy_(part, _leading(value, part, EVERYTHING) if isinstance(value, Tensor) else value)
        return
    dtype = input._array.dtype
    new = cast_to(value, dtype) if isinstance(value, Tensor) else wrap(filler(value, dtype))
    at = _safe(advanced)
    write(part, lambda x: t.index_put(x, _leading(new, x, at), key=at), (new,))


def _leading(value: Tensor, x: Tensor, key: Key) -> Any:
    """NumPy lets a value have extra leading dimensions of size 1; for the derivative they must go."""
    if not value.ndim:
        return value
    extra = value.ndim - x._array[key].ndim
    if extra > 0 and all(n == 1 for n in value._array.shape[:extra]):
        return reshape(value, value._array.shape[extra:])
    return value


def _safe(key: Key) -> Key:
    """Copies of index arrays, so that a later change of them does not reach the graph."""
    if not mode.enabled:
        return key
    return tuple(k.copy() if isinstance(k, np.ndarray) else k for k in key)


def _steps(x: Tensor, key: Any) -> tuple[Key, Key | None]:
    """The basic part of an index, and then the index arrays, as PyTorch orders them."""
    items = [_item(each) for each in (key if isinstance(key, tuple) else (key,))]
    if not any(isinstance(each, np.ndarray) for each in items):
        return tuple(items), None
    used = sum(each.ndim if isinstance(each, np.ndarray) and each.dtype == bool else each is not None
               for each in items if each is not Ellipsis)  # fmt: skip
    if Ellipsis in [each for each in items if not isinstance(each, np.ndarray)]:
        at = next(i for i, each in enumerate(items) if each is Ellipsis)
        items[at : at + 1] = [slice(None)] * (x.ndim - used)
    basic: list[Any] = []
    advanced: list[Any] = []
    for each in items:
        if isinstance(each, np.ndarray):
            basic.extend([slice(None)] * (each.ndim if each.dtype == bool else 1))
            advanced.append(each)
        else:
            basic.append(each)
            if not isinstance(each, int):
                advanced.append(slice(None))
    return tuple(basic), tuple(advanced)


def _item(given: Any) -> Any:
    if given is None or given is Ellipsis or (isinstance(given, int | np.integer) and not isinstance(given, bool)):
        return int(given) if isinstance(given, np.integer) else given
    if isinstance(given, slice):
        try:
            parts = [
                part if part is None else operator.index(part) for part in (given.start, given.stop, given.step)
            ]
        except TypeError:
            raise OperandError(f"a slice takes whole numbers or None, not {given}") from None
        if parts[2] is not None and parts[2] <= 0:
            raise UnsupportedError(f"a slice with step {parts[2]} is not supported, as in PyTorch; say flip()")
        return slice(*parts)
    if isinstance(given, range):
        given = list(given)
    if isinstance(given, Tensor):
        array = given._array
    elif isinstance(given, list | np.ndarray | bool | np.bool_):
        array = np.asarray([e._array if isinstance(e, Tensor) else e for e in given]
                           if isinstance(given, list) else given)  # fmt: skip
        array = array.astype(np.int64) if not array.size and not isinstance(given, np.ndarray) else array
    else:
        raise PositionError(f"an index is an integer, slice, None, ..., tensor or list, not {given!r:.40}")
    if array.dtype.kind not in "iub":
        raise PositionError(f"a tensor that indexes holds integers or bools, not {array.dtype}")
    if array.dtype == np.uint8:
        raise PositionError("a mask holds bools; uint8 is ambiguous. Say mask.bool() or index.long()")
    return int(array) if array.ndim == 0 and array.dtype.kind != "b" else array


def _at(index: Tensor, x: Tensor, n: int, what: str) -> Tensor:
    at = checked(index, what)
    if at._array.dtype.kind not in "iu":
        raise AutogradError(f"{what} takes indices of int64, not {at.dtype}")
    wrong = at._array[(at._array < 0) | (at._array >= n)]
    if wrong.size:
        raise PositionError(f"{what}: index {wrong.flat[0]} is out of range for {n} entries")
    return at


def _as_vector(x: Tensor) -> Any:
    return x if x.ndim else reshape(x, 1)


def _along(input: Tensor, dim: int, index: Tensor, what: str) -> tuple[Tensor, Tensor, int]:
    """Both with dimensions, the source cut to where the index reaches."""
    x, along = _as_vector(checked(input, what)), axis(dim, checked(input, what).ndim)
    at = _as_vector(_at(index, x, x._array.shape[along], what))
    if x.ndim != at.ndim:
        raise ShapeError(f"{what}: the index has {at.ndim} dimensions, the input {x.ndim}; they must be equal")
    return x, at, along


def gather(input: Tensor, dim: int, index: Tensor) -> Any:
    """Along ``dim`` the entries that the index says: out[i][j] = input[index[i][j]][j] for dim 0."""
    if not checked(index, "gather")._array.size:
        return reshape(t.index(reshape(input, -1), key=(np.zeros(0, np.int64),)), index.shape)
    x, at, along = _along(input, dim, index, "gather")
    if any(n > m for i, (n, m) in enumerate(zip(at._array.shape, x._array.shape, strict=True)) if i != along):
        raise ShapeError(f"gather: the index of shape {tuple(at.shape)} reaches beyond {tuple(x.shape)}")
    return reshape(t.gather(x, at, axis=along), index.shape)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
    """The entries of ``src`` added where the index says; the reverse of ``gather``."""
    x, at, along = _along(input, dim, index, "scatter_add")
    source = _as_vector(checked(src, "scatter_add"))
    if x._array.dtype != source._array.dtype:
        raise AutogradError(f"scatter_add takes one dtype; came {x.dtype} and {source.dtype}")
    shapes = zip(at._array.shape, source._array.shape, x._array.shape, strict=False)
    if source.ndim != at.ndim or any(n > m or (n > k and i != along) for i, (n, m, k) in enumerate(shapes)):
        raise ShapeError(
            f"scatter_add: the index of shape {tuple(at.shape)} reaches beyond src {tuple(source.shape)} or "
            f"input {tuple(x.shape)}"
        )
    cut = t.index(source, key=tuple(slice(0, n) for n in at._array.shape))
    return reshape(t.scatter_add(x, at, cut, axis=along), input.shape)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """``gather`` with the other dimensions broadcast; along all entries if ``dim`` is None."""
    x, at = checked(input, "take_along_dim"), checked(indices, "take_along_dim")
    n = x._array.size if dim is None else x._array.shape[axis(dim, x.ndim)] if x.ndim else 1
    at = constant(np.where(at._array < 0, at._array + n, at._array))
    if dim is None:
        return gather(reshape(x, -1), 0, reshape(at, -1))
    if x.ndim != at.ndim:
        raise ShapeError(f"take_along_dim: {x.ndim} dimensions and {at.ndim} of the indices; they must be equal")
    along = axis(dim, x.ndim)
    try:
        wide = np.broadcast_shapes(*(tuple(1 if i == along else n for i, n in enumerate(s._array.shape))
                                     for s in (x, at)))  # fmt: skip
    except ValueError:
        raise ShapeError(f"take_along_dim: {tuple(x.shape)} and {tuple(at.shape)} do not broadcast") from None
    mine, theirs = ([s._array.shape[along] if i == along else n for i, n in enumerate(wide)] for s in (x, at))
    return gather(expand(x, mine), dim, expand(at, theirs))


def index_select(input: Tensor, dim: int, index: Tensor) -> Any:
    """The entries of a dimension that a vector of indices says."""
    x = _as_vector(checked(input, "index_select"))
    along = axis(dim, x.ndim)
    at = _as_vector(_at(index, x, x._array.shape[along], "index_select"))
    if at.ndim != 1:
        raise ShapeError(f"index_select takes a vector of indices; came shape {tuple(at.shape)}")
    out = t.index(x, key=(slice(None),) * along + (at._array.copy(),))
    return out if input.ndim else reshape(out, ())


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Any:
    """``value`` where the mask is true."""
    x = checked(input, "masked_fill")
    if checked(mask, "masked_fill")._array.dtype.kind != "b":
        raise AutogradError(f"masked_fill takes a mask of bools, not {mask.dtype}")
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(f"masked_fill takes a number or a 0-d tensor, not shape {tuple(value.shape)}")
    if isinstance(value, float) and not x.is_floating_point():
        raise AutogradError(f"masked_fill: {value!r} does not fit a tensor of {x.dtype}")
    dtype = x._array.dtype
    return where(mask, cast_to(value, dtype) if isinstance(value, Tensor) else wrap(filler(value, dtype)), x)


def masked_select(input: Tensor, mask: Tensor) -> Any:
    """The entries where the mask is true, as a vector."""
    shape = broadcast_of(checked(input, "masked_select")._array, checked(mask, "masked_select")._array)
    if shape is None:
        raise ShapeError(f"masked_select: a mask of {tuple(mask.shape)} for a tensor of {tuple(input.shape)}")
    return getitem(expand(input, shape), constant(np.array(np.broadcast_to(_mask(mask), shape))))


def _mask(mask: Tensor) -> Array:
    if mask._array.dtype.kind != "b":
        raise AutogradError(f"a mask holds bools, not {mask.dtype}")
    return mask._array


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the entries that are not 0: rows of one matrix, or a tensor for each dimension."""
    x = checked(input, "nonzero")
    found = np.nonzero(x._array) if x.ndim else np.nonzero(np.atleast_1d(x._array))
    if as_tuple:
        return tuple(constant(i) for i in found)
    table = np.stack(found, 1) if x.ndim else np.zeros((len(found[0]), 0), np.int64)
    return constant(np.ascontiguousarray(table, np.int64))
