"""The data of a sweep, kept by each worker: opened once, split and standardized once for each split."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.table import Table
from chainrule.core.types import Array
from chainrule.datasets import Dataset, Recipe
from chainrule.preprocessing import Preprocessing
from chainrule.runs import Run, RunConfig
from chainrule.runs.sources import open_source

# What opening depends on, beside the files themselves.
FIELDS = ("source", "target", "task", "ignore", "weight_column", "data_dir")
KEPT = 2  # splits; a job's neighbors mostly share theirs


def material(config: RunConfig) -> tuple[Dataset, Recipe]:
    """The source, opened once by each process."""
    return _opened(*(getattr(config, name) for name in FIELDS))


@functools.lru_cache(maxsize=1)
def _opened(*given: Any) -> tuple[Dataset, Recipe]:
    return open_source(RunConfig(**dict(zip(FIELDS, given, strict=True))))


def forget() -> None:
    """Let go of what is kept."""
    _opened.cache_clear()
    _KEPT.clear()


_KEPT: dict[Any, Any] = {}  # the key of a split -> its rows and arrays, and preprocessing fitted on them


class SweepRun(Run):
    """A run of a sweep, judged on its validation share, or on ``fold`` of ``folds`` where there are any."""

    def __init__(self, config: RunConfig, fold: int | None = None, folds: int = 0) -> None:
        self._fold, self._folds = fold, folds
        key = (*(getattr(config, name) for name in FIELDS), config.validation, config.seed, fold, folds)
        if key not in _KEPT:
            while len(_KEPT) >= KEPT:
                _KEPT.pop(next(iter(_KEPT)), None)
            _KEPT[key] = {}
        self._kept: dict[Any, Any] = _KEPT[key]
        super().__init__(config)

    @staticmethod
    def _open(config: RunConfig) -> tuple[Dataset, Recipe]:
        return material(config)

    def _split(self, share: float, seed: int, rows: int) -> tuple[Array, Array]:
        if "split" not in self._kept:
            if self._fold is None:
                self._kept["split"] = super()._split(share, seed, rows)
            else:
                self._kept["split"] = self._folded(self._fold, seed, rows)
        found: tuple[Array, Array] = self._kept["split"]
        return found

    def _folded(self, fold: int, seed: int, rows: int) -> tuple[Array, Array]:
        """Rows to train and to judge on; of each class every fold has the same share, to one row."""
        order = generator(seed, "folds").permutation(rows)
        if self.data.task == "classes":
            order = order[np.argsort(self.data.y[order], kind="stable")]
        held = np.sort(order[fold :: self._folds])
        train = np.setdiff1d(np.arange(rows), held)
        return self._with_rare_categories(train, held) if isinstance(self.data.X, Table) else (train, held)

    def _part(self, rows: Array) -> tuple[Array | Table, Array]:
        key = ("part", rows is self.train_rows)
        if key not in self._kept:
            self._kept[key] = super()._part(rows)
        found: tuple[Array | Table, Array] = self._kept[key]
        return found

    def _preprocessing(self, X: Array | Table) -> Preprocessing | None:
        key = ("preprocessing", self.config.scale, self.config.embed is None)
        if key not in self._kept:
            self._kept[key] = super()._preprocessing(X)
        found: Preprocessing | None = self._kept[key]
        return found
