"""Copies, and the same numbers in another type."""

from __future__ import annotations

from typing import Any

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, OperandError
from chainrule.autograd.ops.base import cast_to, checked
from chainrule.autograd.table.shapes import clone as clone_line
from chainrule.autograd.tensor import Tensor


def clone(input: Tensor) -> Any:
    """A copy with memory of its own, through which gradients pass."""
    return clone_line(checked(input, "clone"))


def to(self: Tensor, *wanted: Any, dtype: Any = None, device: Any = None, copy: bool = False,
       non_blocking: bool = False) -> Any:  # fmt: skip
    """In another dtype; ``to("cpu")`` and ``to(other)`` are understood."""
    for each in wanted:
        if isinstance(each, dtypes.dtype):
            dtype = each
        elif isinstance(each, Tensor):
            dtype = each.dtype
        elif isinstance(each, str | dtypes.device):
            device = each
        else:
            raise OperandError(f"to() takes a dtype, a device or a tensor, not {each!r:.40}")
    dtypes.check_device(device)
    out = self if dtype is None else cast_to(self, dtypes.numpy_type(dtype))
    return clone_line(out) if copy and out is self else out


def _conversion(kind: dtypes.dtype, name: str) -> Any:
    def function(self: Tensor) -> Any:
        return cast_to(self, kind.numpy)

    function.__name__ = name
    function.__doc__ = f"As {kind.name}."
    return function


CONVERSIONS = {
    name: _conversion(kind, name)
    for name, kind in {
        "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "int": dtypes.int32,
        "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
        "bool": dtypes.bool_,
    }.items()
}  # fmt: skip


def cpu(self: Tensor) -> Tensor:
    """The tensor itself: it is there."""
    return self


def type_as(self: Tensor, other: Tensor) -> Any:
    """In the dtype of another."""
    return cast_to(self, other._array.dtype)


def detach_(self: Tensor) -> Tensor:
    """Take the tensor itself out of the graph."""
    if self._base is not None:
        raise AutogradError("a view cannot be detached in place; say detach()")
    self._node, self._leaf = None, False
    return self
