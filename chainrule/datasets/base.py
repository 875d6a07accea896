"""What a data set is, and the sources that have one by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from chainrule.core.registry import Registry
from chainrule.core.table import Table
from chainrule.core.types import Array


@dataclass(frozen=True)
class Recipe:
    """What trains well on a source when the user says nothing. ``learning_rate`` is by optimizer."""

    hidden: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    initializer: str | None = None
    loss: str | None = None
    optimizer: str = "adam"
    learning_rate: Mapping[str, float] = field(default_factory=lambda: {"adam": 5e-3, "sgd": 0.1})
    schedule: str = "one_cycle"
    batch_size: int | Literal["full"] | None = 32
    epochs: int | None = None
    validation: float = 0.0
    scale: Literal["column", "all", "none"] = "column"


@dataclass(frozen=True)
class Dataset:
    """Features and answers, raw.

    X is (n, d) numbers or a Table. For the task "classes" y holds class ids, (n,), and ``names`` the classes;
    for "values" y is (n, k) numbers and ``names`` the quantities. ``test`` is a pair kept apart from training,
    or None. ``weight`` holds a number a row, (n,), where rows have weights. ``choices`` says what was decided
    about the data, for people.
    """

    name: str
    X: Array | Table
    y: Array
    task: Literal["classes", "values"]
    names: tuple[str, ...]
    test: tuple[Array, Array] | None = None
    column: str = "target"
    choices: tuple[str, ...] = ()
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.y)


class Source(ABC):
    """A data set by name; its settings are fields."""

    name: ClassVar[str]
    recipe: ClassVar[Recipe] = Recipe()

    @abstractmethod
    def load(self, data_dir: Path | None = None) -> Dataset:
        """The data. ``data_dir`` is where files are looked for first; sources without files ignore it."""


DATASETS: Registry[Source] = Registry("data set", __name__, __file__)


def load(spec: str | Source, data_dir: str | Path | None = None) -> Dataset:
    """A data set by name and settings: ``load("mnist")``, ``load("moons:n=500,noise=0.2,seed=1")``."""
    return DATASETS.make(spec).load(None if data_dir is None else Path(data_dir))


def truth_table(name: str, answers: tuple[int, int, int, int]) -> Dataset:
    """A function of two bits: rows (0,0), (0,1), (1,0), (1,1)."""
    X = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], np.float32)
    return Dataset(name, X, np.array(answers, np.intp), "classes", ("0", "1"))


TRUTH_TABLE = Recipe(
    hidden=(8,),
    activation="tanh",
    learning_rate={"adam": 0.05, "sgd": 0.5},
    schedule="constant",
    batch_size="full",
    epochs=500,
    scale="none",
)
