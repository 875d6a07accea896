"""Where the numbers stand: reshaping, permuting, joining, splitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, ShapeError
from chainrule.autograd.ops.base import axis, checked, constant, meet_all, new_sizes, sizes
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


def reshape(input: Tensor, *shape: Any) -> Any:
    """The same entries in another shape; one size may be -1. A view where the memory allows."""
    x = checked(input, "reshape")
    return t.reshape(x, to=_filled(x, shape, "reshape"))


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


def repeat(input: Tensor, *repeats: Any) -> Any:
    """Copies side by side, so many along each dimension."""
    x, times = checked(input, "repeat"), new_sizes(repeats)
    if len(times) < x.ndim:
        raise ShapeError(f"repeat takes a number for each of {x.ndim} dimensions; came {times}")
    shape = (1,) * (len(times) - x.ndim) + tuple(x._array.shape)
    paired = [n for pair in zip(times, shape, strict=True) for n in pair]
    split_shape = t.reshape(x, to=[n for size in shape for n in (1, size)])
    wide = expand_primitive(split_shape, shape=tuple(paired))
    return t.reshape(wide, to=tuple(a * b for a, b in zip(times, shape, strict=True)))


def flip(input: Tensor, *dims: Any) -> Any:
    """The entries in reverse along dimensions."""
    x = checked(input, "flip")
    over = tuple(axis(dim, x.ndim) for dim in sizes(dims))
    if len(set(over)) != len(over):
        raise AutogradError(f"a dimension appears twice in {sizes(dims)}")
    return rt.flip(x, axes=over if x.ndim else ())


# -- several --------------------------------------------------------------------------------------------


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Any:
    """Joined along a dimension that they have."""
    given = meet_all(tensors, "cat")
    kept = [x for x in given if x._array.shape != (0,)] or given[:1]  # PyTorch passes over empty vectors
    if any(x.ndim == 0 for x in kept):
        raise AutogradError("cat: a 0-d tensor has no dimension to join along; say stack()")
    along = axis(dim, kept[0].ndim)
    first = kept[0]._array.shape
    for x in kept[1:]:
        shape = x._array.shape
        if len(shape) != len(first) or any(a != b for i, (a, b) in enumerate(zip(shape, first)) if i != along):  # noqa: B905
            raise ShapeError(f"cat along {dim}: the other sizes must agree; came {tuple(first)} and {tuple(shape)}")
    return t.cat(*kept, axis=along, sizes=tuple(x._array.shape[along] for x in kept))


concat = concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Any:
    """Joined along a new dimension."""
    given = meet_all(tensors, "stack")
    if len({x._array.shape for x in given}) > 1:
        shapes = ", ".join(sorted({str(tuple(x.shape)) for x in given}))
        raise ShapeError(f"stack takes tensors of one shape; came {shapes}")
    return t.stack(*given, axis=axis(dim, given[0].ndim + 1))


def hstack(tensors: Sequence[Tensor]) -> Any:
    """Joined side by side: along dimension 1, vectors along 0."""
    given = [x if x.ndim else unsqueeze(x, 0) for x in tensors]
    return cat(given, 0 if given and given[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Any:
    """Joined one under the other, vectors as rows."""
    return cat([x if x.ndim > 1 else reshape(x, 1, -1) for x in tensors], 0)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views of so many entries along a dimension, the last with what is left; or of the sizes given."""
    x = checked(tensor, "split")
    along = axis(dim, x.ndim)
    if not x.ndim:
        raise AutogradError("split: a 0-d tensor has nothing to split")
    n = x._array.shape[along]
    if isinstance(split_size_or_sections, list | tuple):
        parts = [int(part) for part in split_size_or_sections]
        if sum(parts) != n or any(part < 0 for part in parts):
            raise AutogradError(f"split: the sizes {parts} must be 0 or more and add up to {n}")
    else:
        size = int(split_size_or_sections)
        if size < 0 or (size == 0 and n):
            raise AutogradError(f"split: a size is 1 or more, came {size}")
        parts = [min(size, n - start) for start in range(0, n, size or 1)] or [0]
    ends = np.cumsum(parts)
    before = (slice(None),) * along
    return tuple(
        t.index(x, key=(*before, slice(int(end) - part, int(end)))) for part, end in zip(parts, ends, strict=True)
    )


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most ``chunks`` views of equal size along a dimension, the last smaller."""
    x = checked(input, "chunk")
    if chunks < 1:
        raise AutogradError(f"chunk: chunks is 1 or more, came {chunks}")
    if not x.ndim:
        raise AutogradError("chunk: a 0-d tensor has nothing to split")
    n = x._array.shape[axis(dim, x.ndim)]
    return split(x, max(1, -(-n // chunks)), dim) if n else split(x, [0] * chunks, dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Any, ...]:
    """The views along a dimension, which they lack."""
    x = checked(input, "unbind")
    along = axis(dim, x.ndim)
    if not x.ndim:
        raise AutogradError("unbind: a 0-d tensor has no dimension")
    return tuple(t.index(x, key=(slice(None),) * along + (i,)) for i in range(x._array.shape[along]))


def _triangle(input: Tensor, diagonal: int, of: Any) -> Any:
    x = checked(input, of.__name__)
    if x.ndim < 2:
        raise AutogradError(f"{of.__name__} is for 2 dimensions or more, not {x.ndim}")
    return t.triangle(x, keep=of(np.ones(x._array.shape[-2:], bool), diagonal))


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


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """Coordinates of a grid from those of its axes."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    if indexing not in ("ij", "xy"):
        raise AutogradError(f"indexing is 'ij' or 'xy', not {indexing!r:.40}")
    arrays = [checked(x, "meshgrid")._array for x in given]
    return tuple(constant(grid) for grid in np.meshgrid(*arrays, indexing=indexing))
