"""Odd inputs: the same numbers in other dresses, numbers at the ends of their types, and what is no number at all.

An ``Odd`` has the ``value`` to hand in, and ``plain``, the same numbers as an ordinary array, which is the oracle:
whatever a function makes of ``plain`` it must make of ``value``. Where nothing plain says the same it is None.
"""

import math
import os
import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import polars
import scipy.sparse
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("ODD_EXAMPLES", "2000"))  # of each function in the slow tests
ROWS = (0, 1, 2, 3, 8, 8, 8)
DTYPES = ("f8", "f4", "f2", "g", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?",
          ">f8", ">f4", ">f2", ">i2", ">i4", ">i8", ">u2", ">u4")  # fmt: skip


@dataclass(frozen=True)
class Odd:
    """``n`` is how many rows it has, ``tame`` whether every number is of an everyday size."""

    form: str
    value: Any
    plain: Any
    n: int
    tame: bool


# -- numbers --------------------------------------------------------------------------------------------

TAME = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "whole": lambda rng, shape: rng.integers(-3, 4, shape).astype(float),
    "shares": lambda rng, shape: rng.uniform(size=shape),
    "seconds since 1970": lambda rng, shape: 1.7e9 + rng.integers(0, 100, shape),
    "constant": lambda rng, shape: np.full(shape, 2.5),
    "zeros": lambda rng, shape: np.zeros(shape),
    "one column constant": lambda rng, shape: rng.normal(size=shape) * (np.arange(shape[-1]) > 0),
}
WILD = {
    "1e308": lambda rng, shape: rng.choice([-1e308, 1e308], shape),
    "constant 1e308": lambda rng, shape: np.full(shape, 1e308),
    "beyond float32": lambda rng, shape: rng.choice([-1e39, 1.0, 1e39], shape),
    "end of float32": lambda rng, shape: rng.choice([-3e38, 3e38], shape),
    "1e30": lambda rng, shape: rng.normal(size=shape) * 1e30,
    "2^53": lambda rng, shape: rng.integers(-3, 4, shape) * 2.0**53,
    "denormal": lambda rng, shape: rng.choice([-5e-324, 0, 5e-324, 1e-310], shape),
    "float32 denormal": lambda rng, shape: rng.choice([-1e-45, 0, 1e-40], shape),
    "one NaN": lambda rng, shape: _with(rng, shape, math.nan),
    "one infinity": lambda rng, shape: _with(rng, shape, -math.inf),
    "only NaN": lambda rng, shape: np.full(shape, math.nan),
}


def _with(rng, shape, special):
    array = rng.normal(size=shape)
    array.reshape(-1)[array.size // 2 : array.size // 2 + 1] = special
    return array


# -- the same numbers in another dress ------------------------------------------------------------------


def as_type(name):
    def convert(array):
        kind = np.dtype(name)
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            whole = np.nan_to_num(np.rint(array), posinf=0, neginf=0)
            return np.clip(whole, max(limits.min, -(2**53)), min(limits.max, 2**53)).astype(kind)
        if kind.kind == "b":
            return np.nan_to_num(array) > 0
        with np.errstate(all="ignore"):
            return array.astype(kind)

    return convert


def strided(array):
    wide = np.ones([2 * n + 1 for n in array.shape], array.dtype)
    view = wide[tuple(slice(1, 2 * n + 1, 2) for n in array.shape)]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def mapped(array):
    if not array.size:
        return array
    with tempfile.TemporaryFile() as file:
        file.write(np.ascontiguousarray(array).tobytes())
        file.flush()
        return np.memmap(file, array.dtype, "r", shape=array.shape)


def unaligned(array):
    memory = bytearray(array.nbytes + 1)
    view = np.frombuffer(memory, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


class Subclass(np.ndarray):
    """Somebody's own kind of array."""


class Wrapped:
    """What only knows how to become an array, such as a tensor of another library."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)

    def __len__(self):
        return len(self.array)


def framed(library):
    def convert(array):
        if array.ndim == 1:
            return library.Series(array)
        return library.DataFrame({f"c{j}": array[:, j] for j in range(array.shape[1])})

    return convert


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "every other": strided,
    "turned round": lambda array: array[::-1].copy()[::-1],
    "read-only": read_only,
    "unaligned": unaligned,
}
DRESSES = {
    **{name: as_type(name) for name in DTYPES},
    **LAYOUTS,
    "memory-mapped": mapped,
    "mapped bytes": lambda array: mapped(as_type("u1")(array)),
    "mapped float32": lambda array: mapped(as_type("f4")(array)),
    "subclass": lambda array: array.view(Subclass),
    "masked, nothing hidden": np.ma.array,
    "wrapped": Wrapped,
    "lists": lambda array: array.tolist(),
    "tuples": lambda array: tuple(map(tuple, array.tolist())) if array.ndim > 1 else tuple(array.tolist()),
    "rows in a list": list,
    "pandas": framed(pandas),
    "polars": framed(polars),
}

# -- what is no array of numbers ------------------------------------------------------------------------

MISFITS = {
    "complex": lambda array: array + 1j,
    "objects": lambda array: array.astype(object),
    "fractions": lambda array: np.array([Fraction(1, 3)] * max(len(array), 1), object),
    "decimals": lambda array: [[Decimal("0.5")]] * max(len(array), 1),
    "None inside": lambda array: [[None, 1.0, 2.0]] * max(len(array), 1),
    "text": lambda array: array.astype(str),
    "words": lambda array: [["a", "b", "c"]] * max(len(array), 1),
    "bytes": lambda array: array.astype("S8"),
    "dates": lambda array: np.zeros(array.shape, "M8[D]"),
    "durations": lambda array: np.zeros(array.shape, "m8[s]"),
    "records": lambda array: np.zeros(array.shape, [("a", "f8"), ("b", "i4")]),
    "masked": lambda array: np.ma.array(array, mask=np.ones(array.shape, bool)) if array.size else None,
    "ragged": lambda array: [[1.0, 2.0, 3.0], [1.0]],
    "too deep": lambda array: array[None, None],
    "number": lambda array: 3.0,
    "nothing": lambda array: None,
    "huge whole numbers": lambda array: [[10**400] * 3] * max(len(array), 1),
    "itself inside": lambda array: _endless(),
    "empty list": lambda array: [],
    "list of empty lists": lambda array: [[]] * 3,
    "dictionary": lambda array: {"a": [1.0, 2.0]},
    "set": lambda array: {1.0, 2.0},
    "generator": lambda array: (row for row in array),
    "function": lambda array: len,
    "text alone": lambda array: "abc",
    "sparse": lambda array: scipy.sparse.csr_matrix(np.atleast_2d(np.nan_to_num(array))),
    "pandas with text": lambda array: pandas.DataFrame({"a": ["x"] * max(len(array), 1), "b": 1.0, "c": 2.0}),
    "pandas with gaps": lambda array: pandas.DataFrame({"a": pandas.array([1, None] * 4, "Int64")}),
    "polars with gaps": lambda array: polars.DataFrame({"a": [1.0, None] * 4}),
    "polars with text": lambda array: polars.DataFrame({"a": ["x"] * max(len(array), 1)}),
}


def _endless():
    inside = [1.0]
    inside.append(inside)
    return inside


# -- strategies -----------------------------------------------------------------------------------------


@st.composite
def features(draw, columns, rows=ROWS):
    """A matrix of so many columns, and now and then of none, one or two."""
    n, d = draw(st.sampled_from(rows)), draw(st.sampled_from([columns] * 9 + [0, 1, 2]))
    return _dressed(draw, draw(st.sampled_from([*TAME, *TAME, *WILD])), (n, d))


@st.composite
def values(draw, columns=None, rows=ROWS, numbers=(*TAME, *TAME, *WILD)):
    """Numbers, (n,), or (n, columns)."""
    n = draw(st.sampled_from(rows))
    return _dressed(draw, draw(st.sampled_from(numbers)), (n,) if columns is None else (n, columns))


@st.composite
def labels(draw, classes, rows=ROWS):
    """Class ids, (n,), now and then one below 0 or above the last; plain they are int64, or float64 as they came."""
    n, seed = draw(st.sampled_from(rows)), draw(st.integers(0, 99))
    ids = np.random.default_rng(seed).integers(0, classes, n).astype(float)
    outside = draw(st.sampled_from([None] * 5 + [-1, classes, 2**62, -(2**40), 0.5, math.nan, math.inf]))
    if outside is not None and n:
        ids[n // 2] = outside
    return _as_dressed(draw, ids, outside is None, ("i8", *DRESSES, *MISFITS))


@st.composite
def floats(draw, *shape, dtypes=("f4", "f8")):
    """What the shelves' own functions take: a native float32 or float64 array of that shape, in any layout."""
    kind = draw(st.sampled_from([name for name in (*TAME, *WILD) if "NaN" not in name and "inf" not in name]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    numbers = {**TAME, **WILD}[kind](rng, tuple(map(draw, shape)))
    with np.errstate(all="ignore"):
        plain = np.clip(numbers, -3e38, 3e38).astype(draw(st.sampled_from(dtypes)))
    form = draw(st.sampled_from([*LAYOUTS]))
    return Odd(form, LAYOUTS[form](plain), plain, len(plain), kind in TAME)


def _dressed(draw, kind, shape):
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return _as_dressed(draw, {**TAME, **WILD}[kind](rng, shape), kind in TAME, (*DRESSES, *MISFITS))


def _as_dressed(draw, array, tame, forms):
    form = draw(st.sampled_from(forms))
    if form in MISFITS:
        return Odd(form, MISFITS[form](array), None, len(array), tame)
    value = DRESSES[form](array)
    return Odd(form, value, plain_of(value), len(array), tame)


def plain_of(value):
    """The numbers of a dress as an ordinary array: int64 for whole ones and bool, else float64."""
    array = value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
    return np.array(array, np.int64 if array.dtype.kind in "biu" else np.float64, order="C")


def in_its_precision(given):
    """With the plain numbers in the value's own type of floats, where an answer depends on that by intention."""
    kind = getattr(given.value, "dtype", None)
    if given.plain is None or kind not in ("f2", "f4", ">f2", ">f4"):
        return given
    return replace(given, plain=given.plain.astype(kind.newbyteorder("=")))


# Of settings: of every type, at the ends of each, and what is nearly right.
SETTINGS = (
    None, True, False, 0, 1, -1, 2, 7, 10**30, -(10**30), 10**400, 0.0, -0.0, 0.5, -1.5, 1e30, 1e308, 5e-324,
    math.nan, math.inf, -math.inf, "", "x", "1", "full", "auto", "a\nb", "mean_squared_error", b"x", (), [], {}, set(),
    (1,), [0.5], ["a"], [[1]], [None], {"a": 1}, {"name": 3}, {"name": "adam", "x": 1}, {0: 1.0}, 1j, object(), int,
    len, range(3), np.int64(3), np.float32(0.5), np.float64(0.5), np.bool_(True), np.array(1), np.array([]),
    np.array([1.0, 2.0]), np.zeros((2, 2)), np.ma.masked, Decimal("0.5"), Fraction(1, 2), slice(3), ..., NotImplemented,
)  # fmt: skip
settings = st.sampled_from(SETTINGS)


# -- judging --------------------------------------------------------------------------------------------


def fingerprint(value):
    """Everything of a value that a function could change."""
    if isinstance(value, np.ndarray):
        mask = np.ma.getmaskarray(value).tobytes() if isinstance(value, np.ma.MaskedArray) else b""
        data = repr(value.tolist()) if value.dtype.hasobject else np.asarray(value).tobytes()
        return (str(value.dtype), value.shape, value.strides, value.flags.writeable, data, mask)
    if isinstance(value, Wrapped):
        return fingerprint(value.array)
    if scipy.sparse.issparse(value):
        return [fingerprint(part) for part in (value.data, value.indices, value.indptr)]
    if isinstance(value, pandas.DataFrame | pandas.Series | polars.DataFrame | polars.Series):
        return (type(value), fingerprint(value.to_numpy()))
    if isinstance(value, list | tuple | dict | set | int | float | str | bytes | None):
        try:
            return repr(value)
        except ValueError:
            return id(value)
    return id(value)


def same(answer, expected, close=0.0):
    """Whether two answers are equal: type, shape, dtype and numbers, these to the share ``close`` of the largest."""
    if isinstance(expected, dict):
        return set(answer) == set(expected) and all(same(answer[key], expected[key], close) for key in expected)
    if isinstance(expected, tuple | list):
        pairs = zip(answer, expected, strict=False)
        return len(answer) == len(expected) and all(same(a, b, close) for a, b in pairs)
    if isinstance(expected, np.ndarray):
        if (answer.dtype, answer.shape) != (expected.dtype, expected.shape):
            return False
        if expected.dtype.kind != "f" or not close:
            return np.array_equal(answer, expected, equal_nan=expected.dtype.kind == "f")
        size = float(np.abs(expected[np.isfinite(expected)], dtype=float).max(initial=0.0))
        return np.allclose(answer, expected, rtol=close, atol=close * size, equal_nan=True)
    if isinstance(expected, float):
        return type(answer) is float and same(np.array(answer), np.array(expected), close)
    return type(answer) is type(expected) and answer == expected
