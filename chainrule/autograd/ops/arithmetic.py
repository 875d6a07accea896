"""Entry by entry: arithmetic, comparison and functions of one variable, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, ShapeError
from chainrule.autograd.ops.base import (
    binary,
    broadcast_of,
    cast_to,
    checked,
    constant,
    floats,
    in_type,
    meet,
    number,
    unary,
)  # fmt: skip
from chainrule.autograd.primitive import Primitive
from chainrule.autograd.table import elementwise as t
from chainrule.autograd.tensor import Tensor

# -- one tensor -----------------------------------------------------------------------------------------

sqrt, rsqrt, reciprocal = unary(t.sqrt), unary(t.rsqrt), unary(t.reciprocal)
exp, exp2, expm1 = unary(t.exp), unary(t.exp2), unary(t.expm1)
log, log1p, log2, log10 = unary(t.log), unary(t.log1p), unary(t.log2), unary(t.log10)
sin, cos, tan, sinh, cosh, tanh = (unary(line) for line in (t.sin, t.cos, t.tan, t.sinh, t.cosh, t.tanh))
erf = unary(t.erf)
isnan, isinf, isfinite = unary(t.isnan, False), unary(t.isinf, False), unary(t.isfinite, False)
logical_not, bitwise_not = unary(t.logical_not, False), unary(t.bitwise_not, False)


def absolute(input: Tensor) -> Any:
    """The absolute value; its derivative at 0 is 0."""
    return t.absolute(_numbers(input, "abs"))


abs = absolute


def square(input: Tensor) -> Any:
    """input * input."""
    x = checked(input, "square")
    return t.square(cast_to(x, np.dtype("int64")) if x._array.dtype.kind == "b" else x)


def _numbers(input: Any, what: str) -> Tensor:
    x = checked(input, what)
    if x._array.dtype.kind == "b":
        raise AutogradError(f"{what} is for numbers; the tensor holds bools. Convert first, as with float()")
    return x


def neg(input: Tensor) -> Any:
    """-input."""
    if checked(input, "neg")._array.dtype.kind == "b":
        raise AutogradError("negation of a bool tensor is not defined; logical_not() or ~ inverts it")
    return t.neg(input)


negative = neg


def sign(input: Tensor) -> Any:
    """-1, 0 or 1; 0 for NaN."""
    x = checked(input, "sign")
    if x._array.dtype.kind == "b":
        return x.clone()
    return t.where(t.isnan(x), 0, t.sign(x)) if x.is_floating_point() else t.sign(x)


def _whole(primitive: Primitive) -> Any:
    """Integers are whole already."""

    def function(input: Tensor) -> Any:
        x = _numbers(input, primitive.name)
        return primitive(x) if x.is_floating_point() else x.clone()

    function.__name__ = primitive.name
    function.__doc__ = f"``{primitive.name}`` of every entry; its derivative is 0."
    return function


floor, ceil, trunc = _whole(t.floor), _whole(t.ceil), _whole(t.trunc)


def round(input: Tensor, *, decimals: int = 0) -> Any:
    """To ``decimals`` places, halves to the even neighbor; the derivative is 0."""
    x = checked(input, "round")
    return t.rounded(x, decimals=decimals) if x.is_floating_point() else t.add(x, 0)


def sigmoid(input: Tensor) -> Any:
    """1 / (1 + exp(-input))."""
    out = t.sigmoid(floats(input, "sigmoid"))
    out.origin = "sigmoid"
    return out


# -- two operands ---------------------------------------------------------------------------------------

mul = multiply = binary(t.mul)
maximum, minimum = binary(t.maximum, tensors="both"), binary(t.minimum, tensors="both")
eq, ne, lt, le, gt, ge = (
    binary(line, tensors="first")
    for line in (t.equal, t.not_equal, t.less, t.less_equal, t.greater, t.greater_equal)
)
logical_and, logical_or, logical_xor = (
    binary(line, tensors="both") for line in (t.logical_and, t.logical_or, t.logical_xor)
)
bitwise_and, bitwise_or, bitwise_xor = binary(t.bitwise_and), binary(t.bitwise_or), binary(t.bitwise_xor)
xlogy = binary(t.xlogy, as_float=True)
_plus, _minus, _over = binary(t.add), binary(t.sub), binary(t.div, as_float=True)
_floor_divide, _trunc_divide = binary(t.floor_divide), binary(t.trunc_divide)
_fmod, _remainder = binary(t.fmod, tensors="first"), binary(t.remainder)


def _scaled(other: Any, alpha: Any, what: str) -> Any:
    if alpha == 1:
        return other
    factor = number(alpha, what)
    if isinstance(other, Tensor):
        if isinstance(factor, float) and not other.is_floating_point():
            raise AutogradError(f"{what}: for integers alpha must be an integer, came {alpha!r:.40}")
        return mul(other, factor)
    return number(other, what) * factor


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha * other."""
    return _plus(input, _scaled(other, alpha, "add"))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input - alpha * other."""
    for x in (input, other):
        if (isinstance(x, Tensor) and x._array.dtype.kind == "b") or isinstance(x, bool):
            raise AutogradError("subtraction with a bool tensor is not defined; ^ or logical_xor() is")
    return _minus(input, _scaled(other, alpha, "sub"))


subtract = sub


def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """other - alpha * input."""
    return sub(other, checked(input, "rsub"), alpha=alpha)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other; ``rounding_mode`` "trunc" cuts towards 0, "floor" rounds down, both with derivative 0."""
    if rounding_mode is None:
        return _over(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        if _whole_numbers(input, other):
            _no_zeros(input, other)
            return _trunc_divide(input, other)
        return trunc(_over(input, other))
    raise AutogradError(f"rounding_mode is None, 'trunc' or 'floor', not {rounding_mode!r:.40}")


divide = true_divide = div


def floor_divide(input: Any, other: Any) -> Any:
    """input / other rounded down; the derivative is 0."""
    if _whole_numbers(input, other):
        _no_zeros(input, other)
    return _floor_divide(input, other)


def _whole_numbers(*operands: Any) -> bool:
    return all(x._array.dtype.kind != "f" if isinstance(x, Tensor) else isinstance(x, int) for x in operands)


def _no_bools(a: Any, b: Any, what: str) -> None:
    if all(x._array.dtype.kind == "b" if isinstance(x, Tensor) else isinstance(x, bool) for x in (a, b)):
        raise AutogradError(f"{what} is for numbers; both operands are bools. Convert first, as with int()")


def _no_zeros(input: Any, divisor: Any) -> None:
    _no_bools(input, divisor, "division of whole numbers")
    if (not isinstance(input, Tensor) or input._array.size) and not np.all(
        divisor._array if isinstance(divisor, Tensor) else divisor
    ):
        raise AutogradError("integer division by zero; convert to floats to get inf or NaN")


def fmod(input: Any, other: Any) -> Any:
    """What is left after dividing and cutting towards 0: the sign is the input's."""
    if _whole_numbers(input, other):
        _no_zeros(input, other)
    return _fmod(input, other)


def remainder(input: Any, other: Any) -> Any:
    """What is left after dividing and rounding down: the sign is the divisor's."""
    if _whole_numbers(input, other):
        _no_zeros(input, other)
    return _remainder(input, other)


def pow(input: Any, exponent: Any) -> Any:
    """input ** exponent; 0 ** 0 is 1."""
    a, b = meet(input, exponent, "pow")
    if isinstance(a, Tensor) and a._array.dtype.kind == "b" and isinstance(b, bool):
        return a.clone() if b else t.equal(a, a)
    if _whole_numbers(input, exponent):
        _no_bools(input, exponent, "pow")
    if not isinstance(exponent, Tensor) and _whole_numbers(input, exponent) and exponent < 0:
        raise AutogradError("integers to negative integer powers are not allowed; convert to floats first")
    if not isinstance(b, Tensor) and b == 2:
        return t.square(a)
    return t.power(a, b)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Any:
    """min where smaller, max where larger; where ``min > max`` it is max."""
    x = checked(input, "clamp")
    if min is None and max is None:
        raise AutogradError("clamp needs min, max or both")
    bounds = [b if b is None or isinstance(b, Tensor) else number(b, "clamp") for b in (min, max)]
    given = [getattr(b, "_array", b) for b in bounds if b is not None]
    wanted = dtypes.result_type(x._array, *given)
    if wanted.kind == "b" and not any(isinstance(b, Tensor) for b in bounds):
        raise AutogradError("clamp is for numbers; the tensors hold bools. Convert first, as with float()")
    low, high = (b if b is None else in_type(b, wanted) for b in bounds)
    return t.clamp(cast_to(x, wanted), low, high)


clip = clamp


def clamp_min(input: Tensor, min: Any) -> Any:
    """min where smaller."""
    return clamp(input, min=min)


def clamp_max(input: Tensor, max: Any) -> Any:
    """max where larger."""
    return clamp(input, max=max)


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where the condition holds, else other; with the condition alone, the indices where it holds."""
    c = checked(condition, "where")
    if input is None and other is None:
        return tuple(constant(i) for i in np.nonzero(np.atleast_1d(c._array)))
    if c._array.dtype.kind != "b":
        raise AutogradError(f"where takes a condition of bools, not {c._array.dtype}; compare first, as in x > 0")
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        wanted = dtypes.result_type(number(input, "where"), number(other, "where"))
        return cast_to(t.where(c, in_type(input, wanted), in_type(other, wanted)), wanted)
    return t.where(c, *meet(input, other, "where"))


def lerp(input: Tensor, end: Tensor, weight: Any) -> Any:
    """input + weight * (end - input)."""
    a, b = checked(input, "lerp"), checked(end, "lerp")
    if not a.is_floating_point():
        raise AutogradError(f"lerp is for floats, not {a.dtype}; convert first, as with float()")
    given = [x for x in (a, b, weight) if isinstance(x, Tensor)]
    if len({x._array.dtype for x in given}) > 1:
        raise AutogradError(f"lerp takes tensors of one dtype, not {', '.join(str(x.dtype) for x in given)}")
    return t.lerp(a, b, weight if isinstance(weight, Tensor) else number(weight, "lerp"))


# -- closeness ------------------------------------------------------------------------------------------


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """|input - other| <= atol + rtol |other|, entry by entry."""
    a, b = checked(input, "isclose")._array, checked(other, "isclose")._array
    if a.dtype != b.dtype:
        raise AutogradError(f"isclose takes one dtype; came {input.dtype} and {other.dtype}")
    if broadcast_of(a, b) is None:
        raise ShapeError(f"isclose: the shapes {a.shape} and {b.shape} do not fit each other")
    if number(rtol, "isclose: rtol") < 0 or number(atol, "isclose: atol") < 0:
        raise AutogradError(f"rtol and atol are 0 or more; came {rtol} and {atol}")
    with np.errstate(all="ignore"):
        return constant(np.isclose(a, b, rtol, atol, equal_nan))


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether ``isclose`` everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all entries are the same."""
    return bool(np.array_equal(checked(input, "equal")._array, checked(other, "equal")._array))
