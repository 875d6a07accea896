"""What the operations share: dimensions, sizes, numbers, and bringing two operands to one type."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, OperandError, PositionError, UnsupportedError
from chainrule.autograd.primitive import Primitive, cast
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.settings import MOST_SIZE, show
from chainrule.core.types import Array, DType, Shape

Function = Callable[..., Any]


def checked(value: Any, what: str) -> Tensor:
    """``value``, which must be a tensor."""
    if not isinstance(value, Tensor):
        raise OperandError(
            f"{what} takes a tensor, not {type(value).__name__}: {value!r:.40}. torch.tensor() makes one"
        )
    return value


def axis(dim: Any, ndim: int) -> int:
    """One dimension, counted from the front; a 0-d tensor is treated as having one."""
    n = max(ndim, 1)
    if isinstance(dim, bool) or not isinstance(dim, int | np.integer | Tensor):
        raise OperandError(f"a dimension is a whole number, not {dim!r:.40}")
    try:
        at = int(dim)
    except (ValueError, OverflowError):  # a tensor of NaN, or of infinity
        raise OperandError(f"a dimension is a whole number, not {dim!r:.40}") from None
    if not -n <= at < n:
        raise PositionError(f"dimension out of range: expected {-n} to {n - 1}, came {show(at)}")
    return at % n


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce: all for None and for an empty sequence."""
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(ndim))
    found = tuple(axis(each, ndim) for each in (dim if isinstance(dim, list | tuple) else (dim,)))
    if len(set(found)) != len(found):
        raise AutogradError(f"a dimension appears twice in {dim}")
    return found if ndim else ()


def sizes(given: Iterable[Any]) -> Shape:
    """``(2, 3)`` from ``2, 3`` or from ``(2, 3)``."""
    values = tuple(given)
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = tuple(values[0])
    return tuple(whole(value, "a size") for value in values)


def whole(value: Any, what: str) -> int:
    """A whole number, of Python, NumPy or a tensor."""
    good = isinstance(value, Tensor | int | np.integer) and not isinstance(value, bool)
    if not good or (isinstance(value, Tensor) and value.is_floating_point()):
        raise OperandError(f"{what} is a whole number, not {value!r:.40}")
    found = int(value)
    if not -(2**63) <= found < 2**63:
        raise OperandError(f"{what} is a whole number of 64 bits at most, not {show(found)}")
    return found


def new_sizes(given: Iterable[Any]) -> Shape:
    """Sizes of something new: none below 0."""
    shape = sizes(given)
    if any(size < 0 for size in shape):
        raise AutogradError(f"sizes are 0 or more; came {shape}")
    if math.prod(size or 1 for size in shape) > MOST_SIZE:  # NumPy refuses these beside a 0 too
        raise AutogradError(f"a tensor of sizes {show(shape)} doesn't fit into memory; make it smaller")
    return shape


def number(value: Any, what: str) -> Any:
    """A Python number; NumPy's become one."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value
    if isinstance(value, int):  # bool among them
        if not -(2**63) <= value < 2**64:
            raise OperandError(f"{what} takes whole numbers of 64 bits at most, not {show(value)}")
        return value
    if isinstance(value, complex):
        raise UnsupportedError(f"{what}: complex numbers are not supported, came {value!r:.40}")
    raise OperandError(f"{what} takes a tensor or a number, not {type(value).__name__}: {value!r:.40}")


def cast_to(x: Tensor, dtype: DType) -> Tensor:
    """The tensor itself if it has that type."""
    if x._array.dtype == dtype:
        return x
    out: Tensor = cast(x, dtype=dtype)
    if x.origin:
        out.origin = x.origin
    return out


def floats(x: Any, what: str) -> Tensor:
    """Integers as the default float type."""
    x = checked(x, what)
    return x if x._array.dtype.kind == "f" else cast_to(x, dtypes.get_default_dtype().numpy)


def meet(a: Any, b: Any, what: str, as_float: bool = False) -> tuple[Any, Any]:
    """Two operands in one type; a Python number stays one, it never widens."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a._array.dtype == b._array.dtype and not as_float:
            return a, b
        wanted = dtypes.result_type(a._array, b._array)
    elif isinstance(a, Tensor):
        b = number(b, what)
        wanted = dtypes.result_type(a._array, b)
    else:
        a, b = number(a, what), checked(b, what)
        wanted = dtypes.result_type(a, b._array)
    if as_float and wanted.kind != "f":
        wanted = dtypes.get_default_dtype().numpy
    return in_type(a, wanted), in_type(b, wanted)


def in_type(x: Any, wanted: DType) -> Any:
    """A tensor or a Python number in a type that it was found to meet others in."""
    if isinstance(x, Tensor):
        return cast_to(x, wanted)
    if wanted.kind == "f":
        return float(x)
    if wanted.kind == "b" or 0 <= x < 128 or (wanted.kind == "i" and -128 <= x < 0):
        return x
    if wanted == np.int64 and x < 2**63:
        return x
    return np.asarray(x).astype(wanted)  # goes round where it does not fit, as in PyTorch


def broadcast_of(a: Array, b: Array) -> Any:
    """The shape of both together; None where they do not fit."""
    try:
        return np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return None


def several(values: Any, what: str) -> list[Tensor]:
    """The tensors of a sequence."""
    if not isinstance(values, list | tuple | Tensor):
        raise OperandError(f"{what} takes a list of tensors, not {type(values).__name__}")
    return [checked(value, what) for value in values]


def meet_all(values: Iterable[Any], what: str) -> list[Tensor]:
    """Any number of tensors, in one type."""
    tensors = several(values, what)
    if not tensors:
        raise AutogradError(f"{what} needs at least one tensor")
    wanted = dtypes.result_type(*(x._array for x in tensors))
    return [cast_to(x, wanted) for x in tensors]


def unary(primitive: Primitive, as_float: bool = True) -> Function:
    """PyTorch's function of one tensor over a line of the table."""

    def function(input: Tensor) -> Any:
        return primitive(floats(input, primitive.name) if as_float else checked(input, primitive.name))

    return named(function, primitive.name)


def binary(primitive: Primitive, as_float: bool = False, tensors: str = "either") -> Function:
    """PyTorch's function of two operands over a line of the table.

    ``tensors`` says which of them must be tensors and not numbers: "either", the "first", or "both".
    """

    def function(input: Any, other: Any) -> Any:
        if tensors != "either":
            checked(input, primitive.name)
            if tensors == "both":
                checked(other, primitive.name)
        elif not isinstance(input, Tensor) and not isinstance(other, Tensor):
            raise OperandError(f"{primitive.name} takes at least one tensor; came {input!r:.40} and {other!r:.40}")
        return primitive(*meet(input, other, primitive.name, as_float))

    return named(function, primitive.name)


def named(function: Function, name: str) -> Function:
    """Gives a made function its name and a docstring."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{name}``, as in PyTorch; its derivative stands in the table."
    return function


def numpy_names(function: Function) -> Function:
    """Let ``axis`` and ``keepdims`` stand for ``dim`` and ``keepdim``, as PyTorch does."""

    @functools.wraps(function)
    def accepting(*arguments: Any, **settings: Any) -> Any:
        if "axis" in settings:
            settings["dim"] = settings.pop("axis")
        if "keepdims" in settings:
            settings["keepdim"] = settings.pop("keepdims")
        return function(*arguments, **settings)

    return accepting


def or_by_name(name: str) -> Callable[[Function], Function]:
    """Let ``f(x, 2, 3)`` and ``f(x, (2, 3))`` be said as ``f(x, name=(2, 3))`` too."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def accepting(input: Any, *given: Any, **settings: Any) -> Any:
            if name in settings and not given:
                given = (settings.pop(name),)
            return function(input, *given, **settings)

        return accepting

    return decorate


def constant(value: Any) -> Tensor:
    """A tensor of what NumPy computed, an array or a number of its."""
    return wrap(np.asarray(value))
