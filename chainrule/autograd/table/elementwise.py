"""Entry by entry: arithmetic with broadcasting, and functions of one variable.

Where a function has no derivative the convention is PyTorch's: 0 for ``sign(0)`` and so for ``|x|`` at 0, half for
each side of a tie in ``maximum``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.autograd.primitive import Primitive
from chainrule.core.types import Array

LN2, LN10 = math.log(2), math.log(10)

zeros_like = Primitive("zeros_like", np.zeros_like, x=None)
where = Primitive(
    "where", np.where,
    condition=None,
    a=lambda g, condition: where(condition, g, 0),
    b=lambda g, condition: where(condition, 0, g),
)  # fmt: skip

# -- arithmetic -----------------------------------------------------------------------------------------

add = Primitive("add", np.add, a=lambda g: g, b=lambda g: g)
sub = Primitive("sub", np.subtract, a=lambda g: g, b=lambda g: -g)
mul = Primitive("mul", np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a)
div = Primitive("div", np.true_divide, a=lambda g, b: g / b, b=lambda g, a, b: -g * (a / b / b))
neg = Primitive("neg", np.negative, x=lambda g: -g)
remainder = Primitive("remainder", np.remainder, a=lambda g: g, b=lambda g, a, b: -g * floor(a / b))
fmod = Primitive("fmod", np.fmod, a=lambda g: g, b=lambda g, a, b: -g * trunc(a / b))
floor_divide = Primitive("floor_divide", np.floor_divide, a=lambda g: zeros_like(g), b=lambda g: zeros_like(g))
trunc_divide = Primitive("trunc_divide", lambda a, b: (a - np.fmod(a, b)) // b, a=None, b=None)  # of integers
power = Primitive(
    "pow", lambda a, b: _power(a, b),
    a=lambda g, a, b: where(equal(b, 0), 0, g * (b * power(a, b - 1))),
    b=lambda g, a, b, y: g * where((a == 0) & (b >= 0), 0, y * log(a)),
)  # fmt: skip
maximum = Primitive(
    "maximum", np.maximum,
    a=lambda g, a, b: where(a < b, 0, where(equal(a, b), g / 2, g)),
    b=lambda g, a, b: where(b < a, 0, where(equal(a, b), g / 2, g)),
)  # fmt: skip
minimum = Primitive(
    "minimum", np.minimum,
    a=lambda g, a, b: where(a > b, 0, where(equal(a, b), g / 2, g)),
    b=lambda g, a, b: where(b > a, 0, where(equal(a, b), g / 2, g)),
)  # fmt: skip
clamp = Primitive(
    "clamp", lambda x, low, high: _clip(x, low, high),
    x=lambda g, x, low, high: where(_inside(x, low, high), g, 0),
    low=lambda g, x, low, high: where((x < low) if high is None else (x < low) & (low < high), g, 0),
    high=lambda g, x, low, high: where((x > high) if low is None else (x > high) | (high < low), g, 0),
)  # fmt: skip
lerp = Primitive(
    "lerp", lambda a, b, w: np.where(np.abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w)),
    a=lambda g, w: g * (1 - w), b=lambda g, w: g * w, w=lambda g, a, b: g * (b - a),
)  # fmt: skip
xlogy = Primitive(
    "xlogy", lambda x, c: np.where((x == 0) & ~np.isnan(c), 0, x * np.log(c)),
    x=lambda g, x, c: where((x == 0) & (c <= 0), 0, g * log(c)), c=lambda g, x, c: g * x / c,
)  # fmt: skip

# -- comparison: no derivative --------------------------------------------------------------------------

equal = Primitive("eq", np.equal, a=None, b=None)
not_equal = Primitive("ne", np.not_equal, a=None, b=None)
less = Primitive("lt", np.less, a=None, b=None)
less_equal = Primitive("le", np.less_equal, a=None, b=None)
greater = Primitive("gt", np.greater, a=None, b=None)
greater_equal = Primitive("ge", np.greater_equal, a=None, b=None)
logical_and = Primitive("logical_and", np.logical_and, a=None, b=None)
logical_or = Primitive("logical_or", np.logical_or, a=None, b=None)
logical_xor = Primitive("logical_xor", np.logical_xor, a=None, b=None)
logical_not = Primitive("logical_not", np.logical_not, x=None)
bitwise_and = Primitive("bitwise_and", np.bitwise_and, a=None, b=None)
bitwise_or = Primitive("bitwise_or", np.bitwise_or, a=None, b=None)
bitwise_xor = Primitive("bitwise_xor", np.bitwise_xor, a=None, b=None)
bitwise_not = Primitive("bitwise_not", np.invert, x=None)
isnan = Primitive("isnan", np.isnan, x=None)
isinf = Primitive("isinf", np.isinf, x=None)
isfinite = Primitive("isfinite", np.isfinite, x=None)

# -- functions ------------------------------------------------------------------------------------------

absolute = Primitive("abs", np.absolute, x=lambda g, x: g * sign(x))
sign = Primitive("sign", np.sign, x=lambda g: zeros_like(g))
floor = Primitive("floor", np.floor, x=lambda g: zeros_like(g))
ceil = Primitive("ceil", np.ceil, x=lambda g: zeros_like(g))
trunc = Primitive("trunc", np.trunc, x=lambda g: zeros_like(g))
rounded = Primitive("round", lambda x, *, decimals: _round(x, decimals), x=lambda g: zeros_like(g))
square = Primitive("square", np.square, x=lambda g, x: g * (2 * x))
sqrt = Primitive("sqrt", np.sqrt, x=lambda g, y: g / (2 * y))
rsqrt = Primitive("rsqrt", lambda x: 1 / np.sqrt(x), x=lambda g, y: -0.5 * g * (y * y * y))
reciprocal = Primitive("reciprocal", lambda x: 1 / x, x=lambda g, y: -g * (y * y))
exp = Primitive("exp", np.exp, x=lambda g, y: g * y)
exp2 = Primitive("exp2", np.exp2, x=lambda g, y: g * y * LN2)
expm1 = Primitive("expm1", np.expm1, x=lambda g, y: g * (y + 1))
log = Primitive("log", np.log, x=lambda g, x: g / x)
log1p = Primitive("log1p", np.log1p, x=lambda g, x: g / (x + 1))
log2 = Primitive("log2", np.log2, x=lambda g, x: g / (x * LN2))
log10 = Primitive("log10", np.log10, x=lambda g, x: g / (x * LN10))
sin = Primitive("sin", np.sin, x=lambda g, x: g * cos(x))
cos = Primitive("cos", np.cos, x=lambda g, x: -g * sin(x))
tan = Primitive("tan", np.tan, x=lambda g, y: g * (1 + y * y))
sinh = Primitive("sinh", np.sinh, x=lambda g, x: g * cosh(x))
cosh = Primitive("cosh", np.cosh, x=lambda g, x: g * sinh(x))
tanh = Primitive("tanh", np.tanh, x=lambda g, y: g * (1 - y * y))
sigmoid = Primitive("sigmoid", lambda x: sigmoid_array(x), x=lambda g, y: g * ((1 - y) * y))
erf = Primitive("erf", lambda x: erf_array(x), x=lambda g, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x))


def sigmoid_array(x: Array) -> Array:
    """1 / (1 + exp(-x)), with no large number in between: exp of minus the absolute value never overflows."""
    e = np.exp(-np.abs(x))
    out: Array = np.where(x < 0, e, 1.0) / (1 + e)
    return out


_erf = np.frompyfunc(math.erf, 1, 1)


def erf_array(x: Array) -> Array:
    """The error function of the C library, entry by entry; NumPy has none."""
    return np.asarray(_erf(x), dtype=x.dtype)


def _clip(x: Array, low: Any, high: Any) -> Array:
    # Where the bounds cross the upper one wins, as in PyTorch.
    at_least = x if low is None else np.maximum(x, low)
    return np.array(at_least) if high is None else np.minimum(at_least, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    if low is None or high is None:
        return (x <= high) if low is None else (x >= low)
    return (x >= low) & (x <= high)


def _power(a: Any, b: Any) -> Array:
    if np.asarray(a).dtype.kind == "f" or np.asarray(b).dtype.kind == "f" or np.all(np.asarray(b) >= 0):
        return np.asarray(np.power(a, b))
    # 1 / a^-b of integers, cut towards 0: only of 1 and -1 is something left
    sign = np.where((a == -1) & (b % 2 != 0), -1, 1)
    return np.where(b >= 0, np.power(a, np.maximum(b, 0)), np.where(np.abs(a) == 1, sign, 0)).astype(
        np.result_type(a, b)
    )


def _round(x: Array, decimals: int) -> Array:
    if decimals == 0:
        return np.round(x)  # half to even
    scale = 10.0 ** abs(decimals)
    return np.round(x * scale) / scale if decimals > 0 else np.round(x / scale) * scale
