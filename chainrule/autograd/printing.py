"""``repr`` of a tensor in the form that PyTorch's users know: four digits, dtype and graph at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.core.types import Array

LINE, EDGE, MOST = 80, 3, 1000  # characters of a line; entries at an edge of what is too large; what is not


def _entry(values: Array) -> tuple[Callable[[Any], str], int]:
    """One format for all entries, and its width: whole numbers, four digits, or powers of ten for a wide range."""
    if values.dtype.kind != "f":
        width = max((len(str(v)) for v in values.tolist()), default=1)
        return lambda x: str(x).rjust(width), width
    finite = values[np.isfinite(values) & (values != 0)].astype(np.float64)
    form, point = "{:.0f}", "."
    if finite.size:
        high, low = float(np.abs(finite).max()), float(np.abs(finite).min())
        if high / low > 1000 or high > 1e8 or low < 1e-4:
            form, point = "{:.4e}", ""
        elif not np.array_equal(finite, np.ceil(finite)):
            form, point = "{:.4f}", ""
    width = max((len(form.format(x) + point) for x in finite), default=1)
    return lambda x: (form.format(x) + (point if np.isfinite(x) else "")).rjust(width), width


def _shown(array: Array) -> Array:
    """The entries that will be printed: all, or the corners of something large."""
    if array.size <= MOST:
        return array.ravel()
    for axis, n in enumerate(array.shape):
        if n > 2 * EDGE:
            array = np.take(array, [*range(EDGE), *range(n - EDGE, n)], axis)
    return array.ravel()


def _body(array: Array, entry: Callable[[Any], str], width: int, indent: int, short: bool) -> str:
    """The brackets, a row or more lines each, with dots where ``short`` leaves something out."""
    if array.ndim == 0:
        return entry(array.item())
    cut = short and len(array) > 2 * EDGE
    parts = [*array[:EDGE], *array[-EDGE:]] if cut else list(array)
    if array.ndim > 1:
        lines = [_body(part, entry, width, indent + 1, short) for part in parts]
        if cut:
            lines.insert(EDGE, "...")
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(lines) + "]"
    entries = [entry(part.item()) for part in parts]
    if cut:
        entries.insert(EDGE, " ...")
    n = max(1, (LINE - indent) // (width + 2))
    rows = [", ".join(entries[i : i + n]) for i in range(0, len(entries), n)]
    return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"


def text(x: Any, name: str = "tensor") -> str:
    """``tensor([1., 2.], requires_grad=True)``"""
    array = x._array
    indent = len(name) + 1
    entry, width = _entry(_shown(array))
    notes = []
    if array.size == 0 and array.ndim > 1:
        notes.append(f"size={tuple(array.shape)}")
    plain = (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_)
    if x.dtype not in plain or (array.dtype.kind != "f" and not array.size):
        notes.append(f"dtype={x.dtype!r}")
    if x.grad_fn is not None:
        notes.append(f"grad_fn={x.grad_fn!r}")
    elif x.requires_grad:
        notes.append("requires_grad=True")
    said = f"{name}(" + (_body(array, entry, width, indent, array.size > MOST) if array.size else "[]")
    last = len(said) - said.rfind("\n") + 1
    for note in notes:
        if last + len(note) + 2 > LINE:
            said += ",\n" + " " * indent + note
            last = indent + len(note)
        else:
            said += ", " + note
            last += len(note) + 2
    return said + ")"
