"""Where numbers stand: reshaping, permuting, joining, and taking parts by index. Also the matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd.primitive import Primitive
from chainrule.core.types import Array, Shape

# -- arrangement ----------------------------------------------------------------------------------------

clone = Primitive("clone", lambda x: x.copy(order="K"), x=lambda g: g, moves=True)
# `shape` is the name of the argument's own shape in the table, so the wanted one is called `to`.
reshape = Primitive(
    "reshape", lambda x, *, to: x.reshape(to), x=lambda g, shape: reshape(g, to=shape), view=True
)  # fmt: skip
permute = Primitive(
    "permute", lambda x, *, axes: x.transpose(axes),
    x=lambda g, axes: permute(g, axes=tuple(int(i) for i in np.argsort(axes))), view=True,
)  # fmt: skip
cat = Primitive(
    "cat", lambda *xs, axis, sizes: np.concatenate(xs, axis),
    each=lambda g, i, shapes, sizes, axis: index(g, key=_slab(i, sizes, axis)), moves=True,
)  # fmt: skip
stack = Primitive(
    "stack", lambda *xs, axis: np.stack(xs, axis),
    each=lambda g, i, axis: index(g, key=(slice(None),) * axis + (i,)), moves=True,
)  # fmt: skip
triangle = Primitive("triangle", lambda x, *, keep: np.where(keep, x, 0).astype(x.dtype),
                     x=lambda g, keep: triangle(g, keep=keep))  # fmt: skip

# -- parts ----------------------------------------------------------------------------------------------

index = Primitive(
    "index", lambda x, *, key: _part(x, key), x=lambda g, shape, key: spread(g, to=shape, key=key), view=True
)
spread = Primitive("spread", lambda x, *, to, key: _spread(x, to, key), x=lambda g, key: index(g, key=key))
index_put = Primitive(
    "index_put", lambda x, value, *, key: _put(x, value, key),
    x=lambda g, key: index_put(g, 0, key=key), value=lambda g, key: index(g, key=key),
)  # fmt: skip
# `index` is an argument here, so that a change of it in place is noticed like any other.
gather = Primitive(
    "gather", lambda x, at, *, axis: x[_grid(at, axis)],
    x=lambda g, at, shape, axis: scatter_add(_zeros(g, shape), at, g, axis=axis), at=None,
)  # fmt: skip
scatter_add = Primitive(
    "scatter_add", lambda x, at, source, *, axis: _scatter(x, at, source, axis),
    x=lambda g: g, at=None, source=lambda g, at, axis: gather(g, at, axis=axis),
)  # fmt: skip
# The value of a view written into a copy of its base: what in-place operations on views leave in the graph.
place = Primitive(
    "place", lambda base, part, *, path: _place(base, part, path),
    base=lambda g, path: place(g, 0, path=path), part=lambda g, path: follow(g, path),
)  # fmt: skip

# -- matrix products ------------------------------------------------------------------------------------

dot = Primitive("dot", np.dot, a=lambda g, b: g * b, b=lambda g, a: g * a)
matmul = Primitive(
    "matmul", np.matmul, a=lambda g, b: matmul(g, turned(b)), b=lambda g, a: matmul(turned(a), g)
)  # fmt: skip
linear = Primitive(
    "linear", lambda x, W, b: _linear(x, W, b),
    x=lambda g, W: matmul(g, W), W=lambda g, x: matmul(turned(_rows(g)), _rows(x)), b=lambda g: g,
)  # fmt: skip


def turned(x: Any) -> Any:
    """The last two axes exchanged."""
    n = len(x.shape)
    return permute(x, axes=(*range(n - 2), n - 1, n - 2))


def follow(x: Any, path: Any) -> Any:
    """The view that a path of (primitive, settings) takes."""
    for primitive, settings in path:
        x = primitive(x, **settings)
    return x


def _linear(x: Array, W: Array, b: Array | None) -> Array:
    z: Array = np.matmul(x, W.T)
    if b is not None:
        z += b
    return z


def _rows(x: Any) -> Any:
    """All leading axes as one."""
    width = x.shape[-1]
    rows = 1
    for size in x.shape[:-1]:
        rows *= size
    return reshape(x, to=(rows, width))


def _slab(i: int, sizes: Shape, axis: int) -> tuple[Any, ...]:
    start = sum(sizes[:i])
    return (slice(None),) * axis + (slice(start, start + sizes[i]),)


def _zeros(g: Any, shape: Shape) -> Array:
    return np.zeros(shape, g.dtype if isinstance(g, np.ndarray | np.generic) else g._array.dtype)


def _part(x: Array, key: Any) -> Array:
    part = x[key]
    return part if isinstance(part, np.ndarray) else x[(*key, ...)]  # one entry: a view of it, not its number


def _spread(x: Array, to: Shape, key: Any) -> Array:
    out = np.zeros(to, x.dtype)
    if all(isinstance(k, int | slice | None | type(Ellipsis)) for k in key) or (
        len(key) == 1 and key[0].dtype == bool
    ):
        out[key] = x  # no entry twice
    else:
        np.add.at(out, key, x)
    return out


def _put(x: Array, value: Any, key: Any) -> Array:
    out = np.array(x)
    out[key] = value
    return out


def _grid(at: Array, axis: int) -> tuple[Array, ...]:
    """Indices that pick along one axis by ``at`` and along the others by position."""
    grid = list(np.ogrid[tuple(slice(n) for n in at.shape)]) if at.ndim else []
    if at.ndim:
        grid[axis] = at
    return tuple(grid) if at.ndim else ()


def _scatter(x: Array, at: Array, source: Array, axis: int) -> Array:
    out = np.array(x)
    if at.ndim == 0:
        return out + source
    np.add.at(out, _grid(at, axis), source)
    return out


def _place(base: Array, part: Any, path: Any) -> Array:
    out = np.array(base)
    view = follow(out, path)
    view[...] = part
    return out
