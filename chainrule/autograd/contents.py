"""What a tensor is and holds: shape, type, and its numbers as Python's or NumPy's."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, OperandError, PositionError
from chainrule.core.types import Array


class Size(tuple[int, ...]):
    """A shape."""

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        return int(np.prod(self, dtype=np.int64))


class Contents:
    """The part of ``Tensor`` that knows nothing of graphs."""

    _array: Array
    if TYPE_CHECKING:
        requires_grad: bool
        unbind: Any

    # -- what it is -------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The number of entries along each dimension."""
        return Size(self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one number of it."""
        return self.shape if dim is None else self._array.shape[self._axis(dim)]

    def _axis(self, dim: int) -> int:
        if not -self._array.ndim <= operator.index(dim) < self._array.ndim:
            raise PositionError(f"dimension {dim} of a tensor of {self._array.ndim}, shape {tuple(self.shape)}")
        return dim

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of entries."""
        return self._array.size

    nelement = numel

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of its numbers."""
        return dtypes.of(self._array.dtype)

    @property
    def device(self) -> dtypes.device:
        """Always the CPU."""
        return dtypes.CPU

    @property
    def itemsize(self) -> int:
        """Bytes of one entry."""
        return self._array.itemsize

    def is_floating_point(self) -> bool:
        """Whether gradients can exist for it."""
        return self._array.dtype.kind == "f"

    def stride(self, dim: int | None = None) -> Any:
        """How many entries to skip in memory for the next one along each dimension."""
        steps = tuple(step // self._array.itemsize for step in self._array.strides)
        return steps if dim is None else steps[self._axis(dim)]

    def is_contiguous(self) -> bool:
        """Whether the entries lie in memory in the order of their indices."""
        return self._array.flags.c_contiguous

    def data_ptr(self) -> int:
        """The address of the first entry."""
        return int(self._array.__array_interface__["data"][0])

    # -- what is in it ----------------------------------------------------------------------------------

    def item(self) -> Any:
        """The one number in it, as Python's."""
        if self._array.size != 1:
            raise AutogradError(f"item() is for one number; this tensor has {self._array.size}. Try tolist()")
        return self._array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> Array:
        """The array itself, not a copy; ``force`` also where a gradient is wanted."""
        if self.requires_grad and not force:
            raise AutogradError(
                "numpy() on a tensor that requires grad would leave the graph; say detach().numpy()"
            )
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype, copy=copy)

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise OperandError("a 0-d tensor has no length; item() gives its number")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if self._array.ndim == 0:
            raise OperandError("a 0-d tensor cannot be iterated over; item() gives its number")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise AutogradError(
                f"whether a tensor of {self._array.size} values is true is ambiguous; say any() or all()"
            )
        return bool(self._array.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind == "f":
            raise OperandError("only a tensor of one integer can be an index")
        return int(self.item())

    def __contains__(self, value: Any) -> bool:
        return bool((self._array == (value._array if isinstance(value, Contents) else value)).any())

    __hash__ = object.__hash__

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._array.ndim == 0 and spec else format(repr(self), spec)
