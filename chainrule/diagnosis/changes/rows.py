"""Changes of the rows and targets that a program is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.diagnosis.changes.base import CannotApply, Change
from chainrule.diagnosis.program import Pair, Program
from chainrule.diagnosis.sight import ModuleSight
from chainrule.diagnosis.tasks import Task


@dataclass(frozen=True)
class StandardizeInputs(Change):
    """(x - mean) / standard deviation of each column, of the training rows; one number for all where ``whole``."""

    whole: bool = False

    def apply(self, program: Program, task: Task) -> Program:
        X = np.asarray(program.X, np.float64)
        mean, spread = (X.mean(), X.std()) if self.whole else (X.mean(axis=0), X.std(axis=0))
        spread = np.where(spread > 0, spread, 1.0)

        def scaled(values: Array) -> Array:
            found: Array = ((values - mean) / spread).astype(np.float32)
            return found

        held = program.validation
        return program.changed(
            X=scaled(program.X), validation=None if held is None else (scaled(held[0]), held[1])
        )

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"scale": "all" if self.whole else "column"}

    def __str__(self) -> str:
        return "standardize the inputs: (x - mean) / standard deviation of the training rows"


@dataclass(frozen=True)
class StandardizeTarget(Change):
    def apply(self, program: Program, task: Task) -> Program:
        if task.decides:
            raise CannotApply("classes have no scale")
        y = np.asarray(program.y, np.float64)
        mean, spread = y.mean(axis=0), np.where(y.std(axis=0) > 0, y.std(axis=0), 1.0)

        def scaled(values: Array) -> Array:
            found: Array = ((values - mean) / spread).astype(np.float32)
            return found

        held = program.validation
        return program.changed(
            y=scaled(program.y), validation=None if held is None else (held[0], scaled(held[1]))
        )

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"scale_target": True}

    def __str__(self) -> str:
        return "standardize the target, and turn predictions back"


def _both(program: Program, y: Any) -> tuple[Array, Pair | None]:
    held = program.validation
    return y(program.y), None if held is None else (held[0], y(held[1]))


@dataclass(frozen=True)
class ReshapeTarget(Change):
    """The target in the shape that the network's output has."""

    def apply(self, program: Program, task: Task) -> Program:
        shape = ModuleSight(program.module).look(program.X[:2]).output.shape[1:]
        if int(np.prod(shape)) != int(np.prod(program.y.shape[1:], dtype=int)):
            raise CannotApply("output and target have different numbers of columns")
        y, held = _both(program, lambda values: np.asarray(values).reshape(len(values), *shape))
        return program.changed(y=y, validation=held)

    def __str__(self) -> str:
        return "the target in the shape of the output: y.reshape(len(y), 1)"


@dataclass(frozen=True)
class FiniteRows(Change):
    """Only the rows whose features and targets are all finite."""

    def apply(self, program: Program, task: Task) -> Program:
        def finite(X: Array, y: Array) -> Array:
            both = np.hstack([np.asarray(values, np.float64).reshape(len(X), -1) for values in (X, y)])
            return np.asarray(np.isfinite(both).all(axis=1))

        keep, held = finite(program.X, program.y), program.validation
        if keep.all() or not keep.any():
            raise CannotApply("no row is left, or none goes")
        if held is not None:
            kept = finite(*held)
            held = (held[0][kept], held[1][kept])
        return program.changed(X=program.X[keep], y=program.y[keep], validation=held)

    def __str__(self) -> str:
        return "leave out the rows with numbers that are not finite"


@dataclass(frozen=True)
class Oversample(Change):
    """Rows of rare classes given more than once, so that all classes are as many."""

    def apply(self, program: Program, task: Task) -> Program:
        if not task.decides or task.kind == "labels":
            raise CannotApply("the rows have no classes")
        y = np.asarray(program.y).reshape(len(program.y), -1)
        one = y.argmax(axis=1) if task.form != "index" else y[:, 0]
        names, counts = np.unique(one, return_counts=True)
        rng = generator(program.seed, "oversample")
        more = [
            rng.choice(np.flatnonzero(one == name), counts.max() - n)
            for name, n in zip(names, counts, strict=True)
        ]
        rows = rng.permutation(np.concatenate([np.arange(len(y)), *more]))
        return program.changed(X=program.X[rows], y=program.y[rows])

    def __str__(self) -> str:
        return "give the rows of rare classes more often, so that all classes are as many"


@dataclass(frozen=True)
class KeepPairs(Change):
    """The rows as they are, without the program's own change of them before each epoch."""

    def apply(self, program: Program, task: Task) -> Program:
        if program.before_epoch is None:
            raise CannotApply("nothing changes the rows between epochs")
        return program.changed(before_epoch=None)

    def __str__(self) -> str:
        return "features and labels shuffled by one and the same order"
