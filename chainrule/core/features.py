"""The features of a training, gathered batch by batch: an array as it is, or raw numbers scaled on the way.

Pixels stay bytes, a quarter of the memory and of what a batch has to fetch; a memory-mapped file is never copied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.types import Array, DType, Shape


class Features:
    """x = (raw - mean) / scale in ``dtype``, or raw itself; raw: (n, d), mean and scale: (d,) or (1,)."""

    def __init__(self, raw: Array, dtype: DType | None = None, scaling: tuple[Array, Array] | None = None) -> None:
        self.raw = raw
        self.dtype = raw.dtype if dtype is None else np.dtype(dtype)
        self.scaling = None if scaling is None else tuple(np.asarray(part, self.dtype) for part in scaling)

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def shape(self) -> Shape:
        return self.raw.shape

    @property
    def plain(self) -> bool:
        """Whether raw is what the network takes."""
        return self.scaling is None and self.raw.dtype == self.dtype

    def whole(self) -> Array:
        """The features of all rows; not a copy where raw is what the network takes."""
        return self.raw if self.plain else self._scaled(self.raw, None)

    def __getitem__(self, rows: Any) -> Array:
        """The features of some rows or of a slice of them."""
        raw = self.raw[rows]
        return raw if self.plain else self._scaled(raw, None)

    def gatherer(self, out: Array, fused: bool) -> Callable[[Array], Any]:
        """A call that takes row numbers and fills ``out`` with their features; as many as it has rows."""
        if self.plain:
            # mode "raise" would go through a copy; the rows come from a permutation, so "clip" changes nothing
            return partial(self.raw.take, axis=0, out=out, mode="clip")
        if fused and self.raw.flags.c_contiguous and self.raw.dtype.isnative and self.raw.dtype.kind in "uif":
            mean, scale = self.scaling or (np.zeros(1, self.dtype), np.ones(1, self.dtype))
            d = self.shape[1]
            return partial(_gather.compiled, self.raw, np.resize(mean, d), np.resize(1 / scale, d), out)
        work = np.empty(out.shape, self.raw.dtype)

        def call(rows: Array) -> None:
            self.raw.take(rows, axis=0, out=work, mode="clip")
            self._scaled(work, out)

        return call

    def _scaled(self, raw: Array, out: Array | None) -> Array:
        if self.scaling is None:
            x: Array = np.positive(raw, out=out, dtype=self.dtype)
            return x
        mean, scale = self.scaling
        x = np.subtract(raw, mean, out=out, dtype=self.dtype)
        x /= scale
        return x


@kernel
def _gather(raw, mean, factor, out, rows):  # type: ignore[no-untyped-def]
    real = out.dtype.type  # with a byte or an integer as it is the loop would compute in float64
    for i in range(rows.size):
        row, x = raw[rows[i]], out[i]
        for j in range(row.size):
            x[j] = (real(row[j]) - mean[j]) * factor[j]
