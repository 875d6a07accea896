from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chainrule.datasets.base import DATASETS, TRUTH_TABLE, Dataset, Source, truth_table


@DATASETS.register("and")
@dataclass(frozen=True)
class And(Source):
    """Both bits: a line separates the classes, so one neuron learns it."""

    recipe = TRUTH_TABLE

    def load(self, data_dir: Path | None = None) -> Dataset:
        return truth_table(self.name, (0, 0, 0, 1))
