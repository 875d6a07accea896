"""The number types, the one device, and which type comes out when two meet.

PyTorch's rule: bool < integers < floats. Among tensors of one kind the wider type wins, but a tensor with
dimensions outranks a 0-d one, and that a Python number, unless the lower rank brings a higher kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd.errors import UnsupportedError
from chainrule.core.types import DType

KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}


class dtype:
    """A type of number, one object each: ``float32.is_floating_point``, ``float32.itemsize`` in bytes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.is_floating_point = self.numpy.kind == "f"
        self.is_complex = False
        self.is_signed = self.numpy.kind in "fi"
        self.itemsize = self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.name == "bool" else self.name


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64, uint8 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64"), dtype("uint8")
bool_ = dtype("bool")
half, float_, double, short, int_, long = float16, float32, float64, int16, int32, int64

ALL = {each.numpy: each for each in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)}
PYTHON: dict[type, dtype] = {bool: bool_, int: int64}
_default = float32


def get_default_dtype() -> dtype:
    """The type of floats that no one gave a type."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """float32 at the start; float64 for checks of gradients."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise UnsupportedError(f"the default dtype is a float type such as float32 or float64, not {d!r:.60}")
    _default = d


def of(array_type: DType) -> dtype:
    """The dtype of NumPy's type."""
    found = ALL.get(array_type)
    if found is None:
        raise UnsupportedError(
            f"NumPy's {array_type} has no tensor here; convert to one of {', '.join(d.name for d in ALL.values())}"
        )
    return found


def numpy_type(given: Any) -> DType:
    """NumPy's type for what a user gives as ``dtype=``."""
    if isinstance(given, dtype):
        return given.numpy
    if given is float:
        return _default.numpy
    if isinstance(given, type) and given in PYTHON:
        return PYTHON[given].numpy
    raise UnsupportedError(f"expected a dtype such as float32, came {given!r:.60}")


def result_type(*values: Any) -> DType:
    """The type in which arrays and Python numbers meet; arrays count as 0-d or as having dimensions."""
    ranks: list[list[DType]] = [[], [], []]  # with dimensions, 0-d, Python numbers
    for value in values:
        if isinstance(value, np.ndarray):
            ranks[0 if value.ndim else 1].append(value.dtype)
        else:
            ranks[2].append(PYTHON[type(value)].numpy if type(value) in PYTHON else _default.numpy)
    found: DType | None = None
    for types in ranks:
        if types:
            widest = types[0]
            for other in types[1:]:
                widest = _wider(widest, other)
            if found is None or KINDS[widest.kind] > KINDS[found.kind]:
                found = widest
    assert found is not None
    return found


def _wider(a: DType, b: DType) -> DType:
    if KINDS[a.kind] != KINDS[b.kind]:  # int64 and float32 give float32, where NumPy gives float64
        return a if KINDS[a.kind] > KINDS[b.kind] else b
    return np.result_type(a, b)


class device:
    """``device("cpu")``, the one there is."""

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        name = str(type) if isinstance(type, device) else type
        if not isinstance(name, str) or name not in ("cpu", "cpu:0"):
            raise UnsupportedError(
                f"chainrule.autograd computes on the CPU; device {name!r:.40} is not here. Use device('cpu')"
            )
        self.type: str = "cpu"
        self.index = index

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


CPU = device()


def check_device(given: Any) -> None:
    """Refuses every device but the CPU."""
    if given is not None:
        device(given)
