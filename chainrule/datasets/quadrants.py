from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.datasets.base import DATASETS, TRUTH_TABLE, Dataset, Source


@DATASETS.register("quadrants")
@dataclass(frozen=True)
class Quadrants(Source):
    """Twelve points of the plane, (±1, ±1), (±10, ±1), (±1, ±10), and the quadrant each lies in.

    Quadrants are counted against the clock from the one where both coordinates are positive.
    """

    recipe = TRUTH_TABLE

    def load(self, data_dir: Path | None = None) -> Dataset:
        sizes = [(1, 1), (10, 1), (1, 10)]
        signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        X = np.array([(sx * x, sy * y) for x, y in sizes for sx, sy in signs], np.float32)
        return Dataset(self.name, X, np.tile(np.arange(4), 3), "classes", ("I", "II", "III", "IV"))
