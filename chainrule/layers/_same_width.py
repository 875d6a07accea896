"""Layers that give as many features as they take; a network fills in how many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from chainrule.core.errors import SettingError
from chainrule.core.settings import MOST_SIZE, whole
from chainrule.core.types import Shape
from chainrule.layers.base import Layer


@dataclass(frozen=True, kw_only=True)
class SameWidth(Layer):
    """A layer of ``d`` features, (n, d) to (n, d). Left out, ``d`` is the width of what comes before."""

    d: int | None = None

    width_setting: ClassVar[str] = "d"
    initializer: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        if self.d is not None:
            whole(f"{self.name}: d", self.d, most=MOST_SIZE)

    def sized(self, d: int) -> Self:
        """The same layer of ``d`` features."""
        return replace(self, d=d)

    @property
    def d_in(self) -> int:  # type: ignore[override]
        """How many features it takes."""
        if self.d is None:
            raise SettingError(f"{self.name} needs its width d, as in {self.name}:d=64, or a network to stand in")
        return self.d

    @property
    def d_out(self) -> int:  # type: ignore[override]
        """As many."""
        return self.d_in


@dataclass(frozen=True, kw_only=True)
class Normalization(SameWidth):
    """Its parameters: w scales and b shifts what was normalized, a number a feature each."""

    epsilon: float = 1e-5

    is_normalization: ClassVar[bool] = True
    parameter_names = {"w": "weight", "b": "bias"}  # noqa: RUF012 (a mapping declared once, never changed)

    def shapes(self) -> dict[str, Shape]:
        return {"w": (self.d_in,), "b": (self.d_in,)}
