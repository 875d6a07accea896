"""Several tensors from one, and one from several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, ShapeError
from chainrule.autograd.ops.base import axis, checked, meet_all, new_sizes, several, whole
from chainrule.autograd.ops.shapes import expand, reshape, unsqueeze
from chainrule.autograd.table import shapes as t
from chainrule.autograd.tensor import Tensor


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
            raise ShapeError(
                f"cat along {dim}: the other sizes must agree; came {tuple(first)} and {tuple(shape)}"
            )
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
    given = [x if x.ndim else unsqueeze(x, 0) for x in several(tensors, "hstack")]
    return cat(given, 0 if given and given[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Any:
    """Joined one under the other, vectors as rows."""
    return cat([x if x.ndim > 1 else reshape(x, 1, -1) for x in several(tensors, "vstack")], 0)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views of so many entries along a dimension, the last with what is left; or of the sizes given."""
    x = checked(tensor, "split")
    along = axis(dim, x.ndim)
    if not x.ndim:
        raise AutogradError("split: a 0-d tensor has nothing to split")
    n = x._array.shape[along]
    if isinstance(split_size_or_sections, list | tuple):
        parts = [whole(part, "split: a size") for part in split_size_or_sections]
        if sum(parts) != n or any(part < 0 for part in parts):
            raise AutogradError(f"split: the sizes {parts} must be 0 or more and add up to {n}")
    else:
        size = whole(split_size_or_sections, "split: a size")
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
    if whole(chunks, "chunk: chunks") < 1:
        raise AutogradError(f"chunk: chunks is 1 or more, came {chunks}")
    if not x.ndim:
        raise AutogradError("chunk: a 0-d tensor has nothing to split")
    n = x._array.shape[axis(dim, x.ndim)]
    return split(x, max(1, -(-n // chunks)), dim) if n else split(x, [0] * new_sizes((chunks,))[0], dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Any, ...]:
    """The views along a dimension, which they lack."""
    x = checked(input, "unbind")
    along = axis(dim, x.ndim)
    if not x.ndim:
        raise AutogradError("unbind: a 0-d tensor has no dimension")
    return tuple(t.index(x, key=(slice(None),) * along + (i,)) for i in range(x._array.shape[along]))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """Coordinates of a grid from those of its axes."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    if indexing not in ("ij", "xy"):
        raise AutogradError(f"indexing is 'ij' or 'xy', not {indexing!r:.40}")
    vectors = [reshape(checked(x, "meshgrid"), -1) for x in given]
    if any(checked(x, "meshgrid").ndim > 1 for x in given) or len({x.dtype for x in vectors}) > 1:
        raise AutogradError("meshgrid takes vectors of one dtype")
    if len(vectors) > 1 and indexing == "xy":
        swapped = meshgrid(vectors[1], vectors[0], *vectors[2:])
        grids = (swapped[1], swapped[0], *swapped[2:])
        return tuple(grids)
    shape = [x._array.size for x in vectors]
    return tuple(
        expand(reshape(x, [n if i == at else 1 for i, n in enumerate(shape)]), shape)
        for at, x in enumerate(vectors)
    )
