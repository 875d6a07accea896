from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.datasets._plane import Generated
from chainrule.datasets.base import DATASETS


@DATASETS.register("moons")
@dataclass(frozen=True)
class Moons(Generated):
    """Two half circles of radius 1 that reach into each other."""

    noise: float = 0.2

    def points(self, labels: Array, rng: np.random.Generator) -> Array:
        angle = rng.uniform(0, np.pi, len(labels))
        upper = np.column_stack([np.cos(angle), np.sin(angle)])
        return np.where(labels[:, None] == 0, upper, [1, 0.5] - upper)
