"""New tensors: from data, of one value, in order, at random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.autograd.errors import AutogradError, InputError, OperandError, UnsupportedError
from chainrule.autograd.inplace import filler
from chainrule.autograd.ops.base import cast_to, checked, new_sizes, number, whole
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.settings import MOST_SIZE
from chainrule.core.types import Array, DType


def _finished(array: Array, device: Any, requires_grad: bool) -> Tensor:
    dtypes.check_device(device)
    out = wrap(array)
    return out.requires_grad_() if requires_grad else out


def _type(dtype: Any, default: DType | None = None) -> DType:
    if dtype is None:
        return default or dtypes.get_default_dtype().numpy
    return dtypes.numpy_type(dtype)


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor of numbers, sequences of them, or a copy of an array.

    Without ``dtype`` Python's floats become the default dtype, whole numbers int64; arrays keep theirs.
    """
    array = _array(data)
    if dtype is None and not isinstance(data, np.ndarray | np.generic | Tensor):
        wanted = {"f": dtypes.get_default_dtype().numpy, "i": np.dtype("int64"), "b": np.dtype("bool")}.get(
            array.dtype.kind, array.dtype
        )
    else:
        wanted = _type(dtype, array.dtype)
    with np.errstate(all="ignore"):
        return _finished(np.array(array, wanted), device, requires_grad)


def _array(data: Any) -> Array:
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
    else:
        try:
            array = np.asarray(_plain(data)) if not (isinstance(data, list | tuple) and not data) else np.zeros(0)
        except ValueError:
            raise InputError("tensor() takes rows of equal length; these differ") from None
        except OverflowError:
            raise InputError("tensor() takes whole numbers that fit into int64; one does not") from None
    if array.dtype.kind == "c":
        raise UnsupportedError("complex numbers are not supported")
    if array.dtype.kind not in "fiub" or array.dtype not in dtypes.ALL:
        raise OperandError(f"tensor() takes numbers; these are of type {array.dtype}: {str(data)[:60]}")
    return array


def _plain(data: Any) -> Any:
    if isinstance(data, list | tuple | range):
        return [_plain(each) for each in data]
    return data._array if isinstance(data, Tensor) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The tensor itself, or one around the array's memory, if the type is right; else a copy."""
    dtypes.check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else cast_to(data, _type(dtype))
    if isinstance(data, np.ndarray) and (dtype is None or _type(dtype) == data.dtype):
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: Array) -> Tensor:
    """A tensor around the array's memory: a change of one shows in the other."""
    if not isinstance(ndarray, np.ndarray):
        raise OperandError(
            f"from_numpy takes a NumPy array, not {type(ndarray).__name__}; tensor() takes other data"
        )
    dtypes.of(ndarray.dtype)
    return wrap(ndarray)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """All 0."""
    return _finished(np.zeros(new_sizes(size), _type(dtype)), device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """All 1."""
    return _finished(np.ones(new_sizes(size), _type(dtype)), device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers that nobody set; to be overwritten."""
    return _finished(np.empty(new_sizes(size), _type(dtype)), device, requires_grad)


def full(
    size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """All ``fill_value``, whose kind decides the type."""
    value = number(fill_value.item() if isinstance(fill_value, Tensor) else fill_value, "full")
    shape = new_sizes((size,))
    array = filler(value, _type(dtype, dtypes.result_type(value)))
    return _finished(np.full(shape, array), device, requires_grad)


def _like(make: Any, name: str) -> Any:
    def function(input: Tensor, *arguments: Any, dtype: Any = None, device: Any = None,
                 requires_grad: bool = False) -> Tensor:  # fmt: skip
        x = checked(input, name)
        kind = x.dtype if dtype is None else dtype
        return make(tuple(x.shape), *arguments, dtype=kind, device=device, requires_grad=requires_grad)  # type: ignore[no-any-return]

    function.__name__ = name
    function.__doc__ = f"``{name.removesuffix('_like')}`` in the shape and type of another tensor."
    return function


zeros_like, ones_like = _like(zeros, "zeros_like"), _like(ones, "ones_like")
empty_like, full_like = _like(empty, "empty_like"), _like(full, "full_like")


def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... up to ``end``, which is left out; ``arange(n)`` starts at 0."""
    if end is None:
        start, end = 0, start
    a, b, by = (number(x.item() if isinstance(x, Tensor) else x, "arange") for x in (start, end, step))
    if not all(math.isfinite(x) for x in (a, b, by)):
        raise AutogradError(f"arange takes finite numbers; came {a}, {b} and {by}")
    if by == 0 or (by > 0 and a > b) or (by < 0 and a < b):
        raise AutogradError(f"arange never gets from {a} to {b} in steps of {by}")
    if (b - a) / by > MOST_SIZE:
        raise AutogradError(f"arange from {a} to {b} in steps of {by} doesn't fit into memory; make it smaller")
    wanted = _type(dtype, dtypes.result_type(a, b, by))
    with np.errstate(all="ignore"):
        return _finished(np.arange(a, b, by).astype(wanted), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """So many numbers at equal distances, ``start`` and ``end`` among them."""
    ends = []
    for x in (start, end):
        if isinstance(x, Tensor) and x.ndim:
            raise AutogradError(f"linspace takes numbers or 0-d tensors, not a tensor of shape {tuple(x.shape)}")
        ends.append(x.item() if isinstance(x, Tensor) else number(x, "linspace"))
    wanted = _type(dtype)
    (n,) = new_sizes((whole(steps, "linspace: steps"),))
    with np.errstate(all="ignore"):
        values = np.linspace(ends[0], ends[1], n)
        array = (np.trunc(values) if wanted.kind != "f" else values).astype(wanted)
    return _finished(array, device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """1 on the diagonal, 0 elsewhere."""
    return _finished(np.eye(*new_sizes((n, n if m is None else m)), dtype=_type(dtype)), device, requires_grad)


# -- random ---------------------------------------------------------------------------------------------


class _Random:
    """The one generator of this module; its numbers differ from PyTorch's."""

    generator = np.random.default_rng()
    seed = -1


def manual_seed(seed: int) -> None:
    """Start the random numbers anew: the same seed, the same numbers."""
    if not isinstance(seed, int | np.integer):
        raise OperandError(f"a seed is a whole number, not {seed!r:.40}")
    _Random.generator, _Random.seed = np.random.default_rng(int(seed) % 2**64), int(seed)


def initial_seed() -> int:
    """What ``manual_seed`` was given; -1 before."""
    return _Random.seed


def random() -> np.random.Generator:
    """The generator, for other random things of this package."""
    return _Random.generator


def _floating(dtype: Any, what: str) -> DType:
    wanted = _type(dtype)
    if wanted.kind != "f":
        raise AutogradError(f"{what} gives floats, not {wanted}")
    return wanted


def rand(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform from 0 to 1."""
    wanted = _floating(dtype, "rand")
    return _finished(_Random.generator.random(new_sizes(size)).astype(wanted), device, requires_grad)


def randn(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """From the standard normal distribution."""
    wanted = _floating(dtype, "randn")
    return _finished(np.asarray(_Random.generator.standard_normal(new_sizes(size)), wanted), device, requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, dtype: Any = dtypes.int64, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Whole numbers from ``low`` up to ``high``, which is left out; ``randint(high, size)`` starts at 0."""
    if high is None or isinstance(high, list | tuple):
        low, high, size = 0, low, high if size is None else size
    if not isinstance(size, list | tuple):
        raise OperandError(f"randint needs a size, a tuple, not {size!r:.40}")
    low, high = whole(low, "randint: low"), whole(high, "randint: high")
    if high <= low:
        raise AutogradError(f"randint takes low < high; came {low} and {high}")
    values = _Random.generator.integers(low, high, new_sizes((size,)))
    return _finished(np.asarray(values, _type(dtype, np.dtype("int64"))), device, requires_grad)


def randperm(n: int, *, dtype: Any = dtypes.int64, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 to n - 1 in random order."""
    return _finished(_Random.generator.permutation(*new_sizes((n,))).astype(_type(dtype)), device, requires_grad)


rand_like, randn_like = _like(rand, "rand_like"), _like(randn, "randn_like")


def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``randint`` in the shape and type of another tensor."""
    x = checked(input, "randint_like")
    low, high = (0, low) if high is None else (low, high)
    return randint(
        low, high, tuple(x.shape), dtype=dtype or x.dtype, device=device, requires_grad=requires_grad
    )  # fmt: skip
