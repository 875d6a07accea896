from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.datasets._plane import Generated
from chainrule.datasets.base import DATASETS


@DATASETS.register("circles")
@dataclass(frozen=True)
class Circles(Generated):
    """A circle of radius 1 and one within it, of radius ``factor``."""

    factor: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        number("circles: factor", self.factor, above=0, below=1)

    def points(self, labels: Array, rng: np.random.Generator) -> Array:
        angle = rng.uniform(0, 2 * np.pi, len(labels))
        radius = np.where(labels == 0, 1.0, self.factor)
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
