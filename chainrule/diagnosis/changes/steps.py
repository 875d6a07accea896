"""Changes of how a program steps: rate, optimizer, epochs, batches, penalties."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.diagnosis.changes.base import CannotApply, Change, rebuilt
from chainrule.diagnosis.experiments import free_of_regularization
from chainrule.diagnosis.libraries import library
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.tasks import Task


@dataclass(frozen=True)
class LearningRate(Change):
    factor: float | None = None
    value: float | None = None

    def _of(self, program: Program) -> float:
        return self.value if self.value is not None else program.learning_rate * (self.factor or 1.0)

    def apply(self, program: Program, task: Task) -> Program:
        module, optimizer = copy.deepcopy((program.module, program.optimizer))
        factor = self._of(program) / program.learning_rate if program.learning_rate else 0.0
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * factor if factor else self._of(program)
        return program.changed(module=module, optimizer=optimizer)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"learning_rate": self._of(program)}

    def __str__(self) -> str:
        return (
            f"learning rate {self.value:g}" if self.value is not None else f"learning rate times {self.factor:g}"
        )


def round_rate(rate: float) -> float:
    """To one digit, as people write rates."""
    return float(f"{rate:.0e}")


@dataclass(frozen=True)
class Optimizer(Change):
    """Another optimizer, with the settings its authors advise."""

    name: str = "Adam"
    learning_rate: float = 1e-3

    def apply(self, program: Program, task: Task) -> Program:
        module = copy.deepcopy(program.module)
        kind = getattr(library(module).optim, self.name)
        return program.changed(module=module, optimizer=kind(module.parameters(), lr=self.learning_rate))

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"optimizer": self.name.lower(), "learning_rate": self.learning_rate}

    def __str__(self) -> str:
        return f"{self.name} at a learning rate of {self.learning_rate:g}"


@dataclass(frozen=True)
class Epochs(Change):
    times: int = 10

    def apply(self, program: Program, task: Task) -> Program:
        return program.changed(epochs=max(1, program.epochs) * self.times)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"epochs": max(1, program.epochs) * self.times}

    def __str__(self) -> str:
        return f"{self.times} times as many epochs"


@dataclass(frozen=True)
class BatchSize(Change):
    size: int

    def apply(self, program: Program, task: Task) -> Program:
        return program.changed(batch_size=min(self.size, program.rows))

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"batch_size": min(self.size, program.rows)}

    def __str__(self) -> str:
        return f"batches of {self.size}"


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
class ZeroGrad(Change):
    def apply(self, program: Program, task: Task) -> Program:
        return program.changed(zero_grad=True)

    def __str__(self) -> str:
        return "optimizer.zero_grad() before each backward()"


@dataclass(frozen=True)
class NoRegularization(Change):
    def apply(self, program: Program, task: Task) -> Program:
        free = free_of_regularization(program)
        if free is None:
            raise CannotApply("there is no dropout, decay or penalty")
        return free

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"dropout": None, "regularization": None}

    def __str__(self) -> str:
        return "no dropout, no weight decay"


@dataclass(frozen=True)
class AllParameters(Change):
    def apply(self, program: Program, task: Task) -> Program:
        return rebuilt(program, lambda module: None)

    def __str__(self) -> str:
        return "an optimizer over all parameters"


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
