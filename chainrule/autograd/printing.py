"""``repr`` of a tensor in the form that PyTorch's users know: four digits, dtype and graph at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autograd import dtypes
from chainrule.core.types import Array


def _formatter(values: Array) -> Callable[[Any], str]:
    """One format for all entries: whole numbers with a point, four digits, or powers of ten for a wide range."""
    finite = np.abs(values[np.isfinite(values) & (values != 0)].astype(np.float64))
    high, low = (float(finite.max()), float(finite.min())) if finite.size else (0.0, 0.0)
    if not finite.size or np.array_equal(finite, np.ceil(finite)):
        form = "{:.4e}" if high > 1e8 else "{:.0f}."
    else:
        form = "{:.4e}" if high / low > 1000 or high > 1e8 or low < 1e-4 else "{:.4f}"

    def show(x: Any) -> str:
        return form.format(x) if np.isfinite(x) else str(float(x))

    width = max((len(show(x)) for x in values), default=0)
    return lambda x: show(x).rjust(width)


def _shown(array: Array) -> Array:
    """The entries that will be printed: all, or the corners of something large."""
    if array.size <= 1000:
        return array.ravel()
    for axis, n in enumerate(array.shape):
        if n > 6:
            array = np.take(array, [0, 1, 2, n - 3, n - 2, n - 1], axis)
    return array.ravel()


def text(x: Any, name: str = "tensor") -> str:
    """``tensor([1., 2.], requires_grad=True)``"""
    array = x._array
    kind = array.dtype.kind
    shown = _shown(array)
    if kind == "f":
        entry = _formatter(shown)
    else:
        width = max((len(str(v)) for v in shown), default=0)
        entry = lambda v: str(v).rjust(width)  # noqa: E731 (the other branch gives a function too)
    if array.ndim == 0:
        body = entry(array.item() if kind != "f" else array[()]).strip()
    else:
        body = np.array2string(
            array, separator=", ", threshold=1000, edgeitems=3, prefix=f"{name}(", max_line_width=80,
            formatter={"all": entry},
        )  # fmt: skip
    notes = [body]
    if array.size == 0 and array.ndim > 1:
        notes.append(f"size={tuple(array.shape)}")
    if x.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or (kind != "f" and not array.size):
        notes.append(f"dtype={x.dtype!r}")
    if x.grad_fn is not None:
        notes.append(f"grad_fn={x.grad_fn!r}")
    elif x.requires_grad:
        notes.append("requires_grad=True")
    return f"{name}({', '.join(notes)})"
