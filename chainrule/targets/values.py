from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.settings import listed, number, text
from chainrule.core.types import Array
from chainrule.targets.base import TARGETS, Target


@TARGETS.register("values")
@dataclass(frozen=True)
class Values(Target):
    """Output i is (value - mean[i]) / scale[i] of the quantity ``names[i]``.

    A network learns numbers of size 1 far more readily than prices of 200,000; predictions come back in the
    user's unit.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    task = "values"

    def __post_init__(self) -> None:
        for field in ("names", "mean", "scale"):
            listed(self, field)
        for name in self.names:
            text("values: a name", name)
        if not len(self.names) == len(self.mean) == len(self.scale) >= 1:
            raise SettingError("values: names, mean and scale need one entry an output")
        for mean, scale in zip(self.mean, self.scale, strict=True):
            number("values: mean", mean)
            number("values: scale", scale, above=0)

    @property
    def column(self) -> str:  # type: ignore[override]
        return ",".join(self.names)

    @classmethod
    def fit(cls, y: Array, names: tuple[str, ...], scaled: bool = True) -> Values:
        """Mean and standard deviation of each column of ``y``, (n, k); 0 and 1 unless ``scaled``."""
        y = checks.matrix("the target", y, np.dtype(float))
        if y.shape[1] != len(names):
            raise ShapeError(f"the target has shape {y.shape}; expected a column for each of {len(names)} names")
        mean, scale = np.zeros(len(names)), np.ones(len(names))
        if scaled:
            mean, scale = checks.mean_and_scale(y, what="the target")
        return cls(names, tuple(mean.tolist()), tuple(scale.tolist()))

    def encode(self, y: Any) -> Array:
        y = checks.numeric("the target", y)
        if y.ndim == 1 and len(self.names) == 1:
            y = y[:, None]
        if y.ndim != 2 or y.shape[1] != len(self.names):
            raise ShapeError(
                f"the target has shape {y.shape}; expected a column for each of {len(self.names)} outputs",
                guard="loss-shape",
            )
        with np.errstate(over="ignore", invalid="ignore"):  # found where the loss prepares it
            scaled: Array = (y.astype(float, copy=False) - np.asarray(self.mean)) / np.asarray(self.scale)
        return scaled

    def restore(self, decided: Array) -> Array:
        with np.errstate(over="ignore"):
            restored: Array = decided * np.asarray(self.scale, decided.dtype)
            restored += np.asarray(self.mean, decided.dtype)
        return restored
