"""More changes of a training program: of its rows, its targets, its output and its loss. See ``changes``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.diagnosis.changes import CannotApply, Change, put, rebuilt
from chainrule.diagnosis.libraries import array, library
from chainrule.diagnosis.program import Pair, Program
from chainrule.diagnosis.sight import ModuleSight
from chainrule.diagnosis.tasks import Task
from chainrule.initializers import INITIALIZERS

MODULES = {
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"dim": 1}),
    "log_softmax": ("LogSoftmax", {"dim": 1}),
}


@dataclass(frozen=True)
class OutputActivation(Change):
    """Another activation after the last layer, None for none; the loss stays."""

    name: str | None = None

    def apply(self, program: Program, task: Task) -> Program:
        last, nn = ModuleSight(program.module).look(program.X[:2]).last, library(program.module).nn
        kind, settings = MODULES.get(self.name or "", ("Identity", {}))
        made = getattr(nn, kind)(**settings)
        active = [path for path, part in last.modules if type(part).__name__ not in ("Dropout", "BatchNorm1d")]
        if not active and last.activation is not None:
            raise CannotApply("the output's activation is called as a function")

        def edit(module: Any) -> None:
            if active:
                put(module, active[-1], made)
            else:
                put(module, last.name, nn.Sequential(dict(module.named_modules())[last.name], made))

        return rebuilt(program, edit)

    def __str__(self) -> str:
        return f"{self.name} after the last layer" if self.name else "no activation after the last layer"


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


class Mean:
    """A summed loss over the rows of its batch."""

    reduction = "mean"

    def __init__(self, loss: Any) -> None:
        self.loss, self.__name__ = loss, f"mean of {getattr(loss, '__name__', type(loss).__name__)}"
        for told in ("kind", "takes"):
            if hasattr(loss, told):
                setattr(self, told, getattr(loss, told))

    def __call__(self, outputs: Any, targets: Any) -> Any:
        return self.loss(outputs, targets) / len(outputs)


@dataclass(frozen=True)
class MeanReduction(Change):
    """The mean over the rows instead of their sum."""

    def apply(self, program: Program, task: Task) -> Program:
        module, optimizer = copy.deepcopy((program.module, program.optimizer))
        return program.changed(module=module, optimizer=optimizer, loss=Mean(program.loss))

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"reduction": "mean"}

    def __str__(self) -> str:
        return "the mean over the rows instead of their sum"


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
class Shuffle(Change):
    """The rows in a new order in every epoch."""

    def apply(self, program: Program, task: Task) -> Program:
        if program.shuffle:
            raise CannotApply("the rows are shuffled already")
        return program.changed(shuffle=True)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"shuffle": True}

    def __str__(self) -> str:
        return "shuffle the rows in every epoch"


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
class Minimize(Change):
    """The same steps the other way: the loss is to fall."""

    def apply(self, program: Program, task: Task) -> Program:
        module, optimizer = copy.deepcopy((program.module, program.optimizer))
        turned = False
        for group in optimizer.param_groups:
            if group.get("maximize"):
                group["maximize"], turned = False, True
            if group["lr"] < 0:
                group["lr"], turned = -group["lr"], True
        if not turned:
            kind = library(module).optim.SGD
            optimizer = kind(module.parameters(), lr=abs(program.learning_rate))
        return program.changed(module=module, optimizer=optimizer)

    def __str__(self) -> str:
        return "step against the gradient"


class Negative:
    """A loss with its sign turned."""

    def __init__(self, loss: Any) -> None:
        self.loss, self.__name__ = loss, f"negative of {getattr(loss, '__name__', type(loss).__name__)}"

    def __call__(self, outputs: Any, targets: Any) -> Any:
        return -self.loss(outputs, targets)


@dataclass(frozen=True)
class TurnLoss(Change):
    """The loss with its sign turned."""

    def apply(self, program: Program, task: Task) -> Program:
        module, optimizer = copy.deepcopy((program.module, program.optimizer))
        return program.changed(module=module, optimizer=optimizer, loss=Negative(program.loss))

    def __str__(self) -> str:
        return "the loss with its sign turned"


@dataclass(frozen=True)
class LayerWidth(Change):
    """A dense layer that takes as many features as it is given."""

    path: str
    d_in: int

    def apply(self, program: Program, task: Task) -> Program:
        nn = library(program.module).nn

        def edit(module: Any) -> None:
            old = dict(module.named_modules())[self.path]
            fresh = nn.Linear(self.d_in, array(old.weight).shape[0])
            INITIALIZERS.make("he").fill(array(fresh.weight), generator(program.seed, "initialization"))
            array(fresh.bias)[...] = 0
            put(module, self.path, fresh)

        return rebuilt(program, edit)

    def __str__(self) -> str:
        return f"layer {self.path!r} takes {self.d_in} features"
