"""Checks at the border: what comes in from outside becomes an array we can trust, or one clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.core.settings import show
from chainrule.core.types import Array, DType


def matrix(what: str, value: Any, dtype: DType) -> Array:
    """``value`` as a finite, C-contiguous (n, d) array of ``dtype`` with at least one row and column."""
    array = numeric(what, value)
    if array.ndim != 2:
        hint = " One row is X[None, :], one column X[:, None]." if array.ndim == 1 else ""
        raise ShapeError(f"{what} has shape {array.shape}; expected two dimensions, (rows, features).{hint}")
    if 0 in array.shape:
        raise InputError(f"{what} is empty: its shape is {array.shape}")
    finite(what, array)
    with np.errstate(over="ignore"):  # what does not fit the dtype is found by the second look
        out = np.ascontiguousarray(array, dtype=dtype)
    if out.dtype != array.dtype:
        finite(f"{what}, as {dtype.name},", out)
    return out


def numeric(what: str, value: Any) -> Array:
    """``value`` as an array of numbers; refuses texts, objects, masked and ragged input."""
    unmasked(what, value)
    if type(value).__module__.startswith("scipy.sparse"):
        raise InputError(f"{what} is a sparse matrix; expected a dense array. Try X.toarray()")
    array = rectangular(what, value)
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else f"dtype {array.dtype}"
        raise InputError(f"{what} holds {kind}; expected numbers. Convert it first, say with X.astype(float)")
    return array


def unmasked(what: str, value: Any) -> None:
    """Refuse a masked array that hides entries: nothing would see the mask."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputError(f"{what} is a masked array with masked entries; fill them first, say with X.filled(0)")


def rectangular(what: str, value: Any) -> Array:
    """``value`` as an array; refuses rows of different lengths."""
    try:
        return np.asarray(value)
    except ValueError as problem:
        raise InputError(f"{what} is not a rectangular array: {problem}") from None


def finite(what: str, array: Array) -> None:
    """Refuse NaN and infinity, naming the first row and column that have one."""
    # The sum is finite only if all are; it is ten times as fast as isfinite().all() and needs no memory.
    # It can also overflow over finite numbers, so only the slow look decides.
    with np.errstate(all="ignore"):
        if array.dtype.kind != "f" or np.isfinite(array.sum()):
            return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), bad[0], strict=False))
        value = array[tuple(bad[0])]
        more = f" ({len(bad)} such values in all)" if len(bad) > 1 else ""
        raise InputError(
            f"{what} has {value} at {place}{more}; expected finite numbers. Remove or fill them first"
        )


def integer_labels(what: str, value: Array) -> Array:
    """Class labels as ``intp``; whole floats are refused with the way to convert them."""
    if value.dtype.kind not in "biu":
        raise InputError(
            f"{what} holds {value.dtype} values; class labels are integers from 0. Try y.astype(int), or a "
            "regression loss such as mean_squared_error"
        )
    return value.astype(np.intp)


def same_length(what: str, X: Array, y: Array) -> None:
    """Refuse features and targets of different numbers of rows."""
    if len(X) != len(y):
        looks = " X looks transposed: try X.T" if X.ndim == 2 and X.shape[1] == len(y) else ""
        raise ShapeError(f"{what}: X has {len(X)} rows, y has {len(y)}; they must be equal.{looks}")


def mean_and_scale(x: Array, axis: int | None = 0, what: str = "X") -> tuple[Array, Array]:
    """Mean and standard deviation of each column (or of all numbers); of what is constant its value and 1.

    InputError where the numbers are so large that their squares overflow.
    """
    low, high = (np.asarray(of(x, axis=axis), np.float64) for of in (np.min, np.max))
    with np.errstate(all="ignore"):
        mean = np.mean(x, axis=axis, dtype=np.float64)
        scale = np.std(x, axis=axis, dtype=np.float64)
    # Rounding can leave a constant column a spread of 1e-17, and a tiny one a spread of 0.
    constant = (low == high) | (scale == 0)
    mean, scale = np.where(constant, low, mean), np.where(constant, 1.0, scale)
    if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
        raise InputError(
            f"{what} holds numbers up to {np.abs([low, high]).max():.3g}, too large to be standardized"
        )
    return mean, scale


def float_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """float32 or float64, or one error."""
    try:
        found = None if dtype is None else np.dtype(dtype)  # NumPy takes None for float64
    except (TypeError, ValueError):
        found = None
    if found is None or found not in (np.dtype("float32"), np.dtype("float64")):
        raise SettingError(f"dtype is float32 or float64, not {show(dtype)}")
    return found
