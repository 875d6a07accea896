from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chainrule.datasets.base import DATASETS, TRUTH_TABLE, Dataset, Source, truth_table


@DATASETS.register("xor")
@dataclass(frozen=True)
class Xor(Source):
    """One bit but not both: no line separates the classes; it takes a hidden layer.  Minsky & Papert 1969."""

    recipe = TRUTH_TABLE

    def load(self, data_dir: Path | None = None) -> Dataset:
        return truth_table(self.name, (0, 1, 1, 0))
