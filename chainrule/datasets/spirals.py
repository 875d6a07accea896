from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import MOST_SIZE, number, whole
from chainrule.core.types import Array
from chainrule.datasets._plane import Generated
from chainrule.datasets.base import DATASETS


@DATASETS.register("spirals")
@dataclass(frozen=True)
class Spirals(Generated):
    """``classes`` arms that wind ``turns`` times about the origin, from radius 0.1 to 1."""

    noise: float = 0.02
    classes: int = 3
    turns: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("spirals: classes", self.classes, least=2, most=MOST_SIZE)
        number("spirals: turns", self.turns, above=0)

    @property
    def k(self) -> int:
        return self.classes

    def points(self, labels: Array, rng: np.random.Generator) -> Array:
        radius = rng.uniform(0.1, 1, len(labels))
        angle = 2 * np.pi * (radius * self.turns + labels / self.classes)
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
