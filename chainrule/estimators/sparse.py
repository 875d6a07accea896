"""Sparse features, made dense a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.core.features import Features
from chainrule.core.types import Array, DType


class SparseFeatures(Features):
    """Rows of a SciPy CSR matrix. No more than a batch is dense at once, but where all rows are one batch."""

    def __init__(self, raw: Any, dtype: DType) -> None:
        self.raw: Any = raw.astype(dtype, copy=False)
        self.dtype = dtype

    def __len__(self) -> int:
        return int(self.raw.shape[0])

    @property
    def plain(self) -> bool:
        return False

    def whole(self) -> Array:
        dense: Array = self.raw.toarray()
        return dense

    def __getitem__(self, rows: Any) -> Array:
        dense: Array = self.raw[rows].toarray()
        return dense

    def gatherer(self, out: Array, fused: bool) -> Callable[[Array], Any]:
        return lambda rows: self.raw[rows].toarray(out=out)


def features(X: Any, dtype: DType) -> Features:
    """The features of an array or a CSR matrix, in ``dtype``."""
    return SparseFeatures(X, dtype) if hasattr(X, "tocsr") else Features(X, dtype)
