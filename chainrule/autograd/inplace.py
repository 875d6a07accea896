"""Writing into tensors, and what that does to the graph.

The new value is computed as by the operation that is not in place, written into the memory, and its node becomes
the tensor's. A view passes it on to its base, whose other views take it up when they are next used. The version
counter goes up, so that a formula that saved the old value refuses to use the new one.
"""

from __future__ import annotations

import contextlib
import math
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.autograd import graph
from chainrule.autograd.errors import AutogradError, OperandError, ShapeError
from chainrule.autograd.modes import mode
from chainrule.autograd.primitive import OperationNode, cast
from chainrule.autograd.table.shapes import index_put, place
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.types import Array, DType

ORDER = "buif"
EVERYTHING = (Ellipsis,)


def write(
    x: Tensor, compute: Callable[[Tensor], Tensor], operands: Iterable[Any] = (),
    direct: Callable[[Array], Any] | None = None,
) -> Tensor:  # fmt: skip
    """Give ``x`` the value of ``compute(x)`` in place; ``operands`` are the other tensors that it reads.

    ``direct`` does the same to an array without a copy, where nothing is recorded.
    """
    _allowed(x)
    source = graph.edge_of(x) if mode.enabled else None
    recorded = source is not None or (
        mode.enabled and any(isinstance(each, Tensor) and each.requires_grad for each in operands)
    )
    if direct is not None and not recorded:
        direct(x._array)
        _written(x, "")
        return x
    before = x
    if recorded:  # a formula may need the old value, so it gets a copy of it, at the same place in the graph
        before = wrap(x._array.copy())
        before._node = source
    new = compute(before)
    _fits(x, new)
    with np.errstate(all="ignore"):
        np.copyto(x._array, new._array, casting="unsafe")
    _written(x, new.origin)
    if mode.enabled and new.requires_grad:
        _keep_result(new, x)
        _connect(x, new if new._array.dtype == x._array.dtype else cast(new, dtype=x._array.dtype))
    return x


def _written(x: Tensor, origin: str) -> None:
    x._version[0] += 1
    if x.origin or origin:
        x.origin = origin


def _keep_result(new: Tensor, x: Tensor) -> None:
    """A formula that reads the result reads it from ``x``, so that it notices when that is changed again."""
    node = new._node
    saved = node.saved.get("y") if isinstance(node, OperationNode) else None
    if saved is not None and saved[0]._array is new._array and new._array.dtype == x._array.dtype:
        node.saved["y"] = (x.detach(), x._version[0])  # type: ignore[union-attr]


def _connect(x: Tensor, new: Tensor) -> None:
    base = x._base
    if x._retains and x._node is not None:  # as in PyTorch, the gradient kept is that of the newest value
        x._node.retained, new._node.retained = None, weakref.ref(x)  # type: ignore[union-attr]
    if base is None:
        x._node = new._node
        return
    out = wrap(base._array)
    place.connect(out, (base, new), {"path": x._path})
    base._node = out._node
    x._refresh()


def _allowed(x: Tensor) -> None:
    if not x._array.flags.writeable:
        raise AutogradError(
            "writing in place to a tensor whose entries share one place in memory (expand()), or to a read-only "
            "array; say clone() first"
        )
    if not mode.enabled:
        return
    root = x if x._base is None else x._base
    if root._leaf or x._leaf:
        what = "a leaf that requires grad" if x._leaf else "a view of a leaf that requires grad"
        raise AutogradError(
            f"{what} is changed in place, which its derivative could not follow. To update parameters, do it "
            "within no_grad(); else say clone() first"
        )


def _fits(x: Tensor, new: Tensor) -> None:
    if new._array.shape != x._array.shape:
        raise ShapeError(
            f"in place the result must have the tensor's own shape {tuple(x.shape)}; it has {tuple(new.shape)}"
        )
    if ORDER.index(new._array.dtype.kind) > ORDER.index(x._array.dtype.kind) and not (
        new._array.dtype.kind in "iu" and x._array.dtype.kind in "iu"
    ):
        raise AutogradError(f"in place a result of {new.dtype} does not fit into {x.dtype}; convert first")


def copy_(self: Tensor, src: Any) -> Tensor:
    """Give the tensor the values of another, converted and broadcast."""
    dtype = self._array.dtype
    if isinstance(src, Tensor):
        value = src if src._array.dtype == dtype else cast(src, dtype=dtype)
    else:
        value = wrap(filler(src, dtype))
    try:
        np.broadcast_to(value._array, self._array.shape)
    except ValueError:
        raise ShapeError(
            f"values of shape {tuple(value.shape)} do not broadcast to the shape {tuple(self.shape)} they are "
            "put into"
        ) from None
    return write(
        self,
        lambda x: index_put(x, value, key=EVERYTHING),
        (value,),
        lambda array: np.copyto(array, value._array),
    )


def filler(value: Any, dtype: DType) -> Array:
    """One number in the type of a tensor that it is put into."""
    if isinstance(value, bool | int | float | np.generic):
        plain = value.item() if isinstance(value, np.generic) else value
        if dtype.kind == "u" and -256 < plain < 0:  # PyTorch lets these go round, and refuses what is too large
            plain += 256
        with np.errstate(all="ignore"), contextlib.suppress(OverflowError, ValueError):
            array = np.asarray(plain, dtype)
            if dtype.kind != "f" or np.isinf(array) == (plain in (math.inf, -math.inf)):
                return array
        raise AutogradError(f"{value!r:.40} cannot be converted to {dtype} without overflow")
    raise OperandError(f"expected a tensor or a number to put in, came {type(value).__name__}: {value!r:.40}")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Every entry one number."""
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(f"fill_ takes a number or a 0-d tensor, not shape {tuple(value.shape)}")
    return copy_(self, value)


def zero_(self: Tensor) -> Tensor:
    """Every entry 0."""
    return copy_(self, 0)


def in_place(function: Callable[..., Any], ufunc: Callable[..., Any] | None = None) -> Callable[..., Tensor]:
    """``add_`` from ``add``; where nothing is recorded, by NumPy's ``ufunc`` without an array in between."""

    def changing(self: Tensor, *arguments: Any, **settings: Any) -> Tensor:
        operands = (*arguments, *settings.values())
        direct = _direct(ufunc, self, operands) if ufunc is not None else None
        return write(self, lambda x: function(x, *arguments, **settings), operands, direct)

    changing.__name__ = changing.__qualname__ = function.__name__ + "_"
    changing.__doc__ = f"``{function.__name__}`` in place."
    return changing


def _direct(ufunc: Callable[..., Any], x: Tensor, operands: tuple[Any, ...]) -> Callable[[Array], Any] | None:
    """The operation on the array itself, for floats of one type where nothing has to be converted or refused."""
    if len(operands) != 1 or x._array.dtype.kind != "f":
        return None
    other = operands[0]
    if isinstance(other, Tensor):
        other = other._array
        if other.dtype != x._array.dtype or other.shape not in (x._array.shape, ()):
            return None
    elif type(other) is not float:
        return None
    return lambda array: mode.quiet.run(ufunc, array, other, out=array)
