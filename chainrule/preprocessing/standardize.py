from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.settings import MOST_SIZE, listed, number, whole, yes_or_no
from chainrule.core.types import Array
from chainrule.preprocessing.base import PREPROCESSING, Preprocessing


@PREPROCESSING.register("standardize")
@dataclass(frozen=True)
class Standardize(Preprocessing):
    """x = (raw - mean) / scale for a matrix of ``d`` features.

    ``mean`` and ``scale`` hold a number a feature, or one for all: pixels share theirs, so that a pixel that
    is nearly always black isn't blown up.
    """

    d: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        whole("standardize: d", self.d, most=MOST_SIZE)
        listed(self, "mean")
        listed(self, "scale")
        for what, values in (("mean", self.mean), ("scale", self.scale)):
            if len(values) not in (1, self.d):
                raise SettingError(f"standardize: {what} has {len(values)} numbers; expected 1 or {self.d}")
            for value in values:
                number(f"standardize: {what}", value, above=0 if what == "scale" else None)

    @classmethod
    def fit(cls, X: Array, shared: bool = False) -> Standardize:
        """Mean and standard deviation of the rows of ``X``, each feature's own or shared by all."""
        yes_or_no("shared", shared)
        X = checks.numeric("X", X)
        if X.ndim != 2 or 0 in X.shape:
            raise ShapeError(f"X has shape {X.shape}; expected (rows, features), at least one of each")
        checks.finite("X", X)
        mean, scale = checks.mean_and_scale(X, axis=None if shared else 0)
        return cls(X.shape[1], tuple(np.atleast_1d(mean).tolist()), tuple(np.atleast_1d(scale).tolist()))

    @property
    def d_out(self) -> int:
        return self.d

    def scaling(self) -> tuple[Array, Array] | None:
        return np.asarray(self.mean), np.asarray(self.scale)

    def transform(self, raw: Any) -> Array:
        X = checks.numeric("X", raw)
        if X.ndim != 2 or X.shape[1] != self.d:
            hint = " It looks transposed: try X.T" if X.ndim == 2 and X.shape[0] == self.d else ""
            raise ShapeError(f"this network takes {self.d} features; X has shape {X.shape}.{hint}")
        # float32 where it holds the raw numbers: 1,700,000,001 seconds would lose what makes them differ
        dtype = np.float32 if np.can_cast(X.dtype, np.float32) else np.float64
        with np.errstate(over="ignore"):  # found where the network checks what it takes
            x: Array = np.subtract(X, np.asarray(self.mean, dtype), dtype=dtype)
            x /= np.asarray(self.scale, dtype)
        return x
