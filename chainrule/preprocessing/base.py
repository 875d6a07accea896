"""What preprocessing is: a fixed map from raw features to the numbers a network takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Preprocessing(ABC):
    """x = f(raw).  Its fields are what was learned from the training rows, plain values that fit into JSON."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def d_out(self) -> int:
        """How many numbers a row becomes."""

    @abstractmethod
    def transform(self, raw: Any) -> Array:
        """Raw rows as float numbers, (n, d_out). InputError where a row can't be read as those of the fit."""

    def scaling(self) -> tuple[Array, Array] | None:
        """mean and scale, (d,) or (1,), where x = (raw - mean) / scale is all that happens."""
        return None


PREPROCESSING: Registry[Preprocessing] = Registry("preprocessing", __name__, __file__)
