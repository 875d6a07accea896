from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.settings import MOST_SIZE, whole
from chainrule.core.types import Array
from chainrule.datasets._plane import Generated
from chainrule.datasets.base import DATASETS


@DATASETS.register("blobs")
@dataclass(frozen=True)
class Blobs(Generated):
    """``classes`` round clouds about centers in [-10, 10]^features; ``noise`` is their spread."""

    noise: float = 1.0
    classes: int = 3
    features: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("blobs: classes", self.classes, least=2, most=MOST_SIZE)
        whole("blobs: features", self.features, most=MOST_SIZE)

    @property
    def k(self) -> int:
        return self.classes

    def points(self, labels: Array, rng: np.random.Generator) -> Array:
        centers = generator(self.seed, "centers").uniform(-10, 10, (self.classes, self.features))
        return np.asarray(centers[labels])
