"""Changes of a training program that might cure it: each is small, says itself in words, and can be run."""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.diagnosis.experiments import free_of_regularization
from chainrule.diagnosis.libraries import array, library
from chainrule.diagnosis.losses import suited
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.sight import ACTIVE, ModuleSight
from chainrule.diagnosis.tasks import Task
from chainrule.initializers import INITIALIZERS


class CannotApply(Exception):
    """This program has nothing for the change to take hold of."""


class Change(ABC):
    """Applied to a program it gives another; the one given stays as it was. ``settings`` are those of a run's
    configuration that say the same, where there are such."""

    @abstractmethod
    def apply(self, program: Program, task: Task) -> Program:
        """Raises CannotApply where there is nothing to change."""

    @abstractmethod
    def __str__(self) -> str:
        """In words, with the figures to use."""

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {}


def rebuilt(program: Program, edit: Callable[[Any], None]) -> Program:
    """A program whose module is a changed copy, with an optimizer of the same kind and settings over it."""
    module, optimizer = copy.deepcopy((program.module, program.optimizer))
    edit(module)
    return program.changed(module=module, optimizer=over(optimizer, module))


def over(optimizer: Any, module: Any) -> Any:
    """An optimizer like this one, without its memory, over the parameters that the module has now.

    A parameter stays in its group; a new one joins the first.
    """
    known = inspect.signature(type(optimizer).__init__).parameters
    left = list(module.parameters())
    groups = []
    for group in optimizer.param_groups:
        settings = {name: value for name, value in group.items() if name in known and name != "params"}
        old = {id(p) for p in group["params"]}
        groups.append({**settings, "params": [p for p in left if id(p) in old]})
    kept = {id(p) for group in groups for p in group["params"]}
    groups[0]["params"] += [p for p in left if id(p) not in kept]
    defaults = {name: value for name, value in groups[0].items() if name != "params"}
    return type(optimizer)([group for group in groups if group["params"]], **defaults)


def put(module: Any, path: str, part: Any) -> None:
    """Replace a part of a module by its path, as "2" or "body.0"."""
    *above, last = path.split(".")
    for name in above:
        module = getattr(module, name)
    setattr(module, last, part)


ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "ELU"}


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


@dataclass(frozen=True)
class Initialize(Change):
    """Weights drawn afresh by an initializer of chainrule's shelf, biases 0."""

    name: str = "he"

    def apply(self, program: Program, task: Task) -> Program:
        rng = generator(program.seed, "initialization")
        draw = INITIALIZERS.make(self.name)

        def edit(module: Any) -> None:
            for part in module.modules():
                if type(part).__name__ == "Linear":
                    weight = array(part.weight)
                    draw.fill(weight, rng)
                    if part.bias is not None:
                        array(part.bias)[...] = 0

        return rebuilt(program, edit)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"initializer": self.name}

    def __str__(self) -> str:
        return f"{self.name.capitalize()} initialization"


@dataclass(frozen=True)
class Activation(Change):
    """Another activation in every hidden layer; where there was none, it comes in."""

    name: str = "relu"

    def apply(self, program: Program, task: Task) -> Program:
        look = ModuleSight(program.module).look(program.X[:2])
        made = getattr(library(program.module).nn, ACTIVATIONS[self.name])

        def edit(module: Any) -> None:
            for layer in look.hidden:
                active = [path for path, part in layer.modules if _is_activation(part)]
                if not active and layer.activation is not None:
                    raise CannotApply(f"{layer.where} calls its activation as a function")
                for path in active:
                    put(module, path, made())
                if not active:
                    nn = library(module).nn
                    old = dict(module.named_modules())[layer.name]
                    put(module, layer.name, nn.Sequential(old, made()))

        return rebuilt(program, edit)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"activation": self.name}

    def __str__(self) -> str:
        return f"{self.name} after every hidden layer"


def _is_activation(part: Any) -> bool:
    return getattr(part, "activation_name", ACTIVE.get(type(part).__name__)) not in (None, "identity")


@dataclass(frozen=True)
class OutputAndLoss(Change):
    """The output layer without an activation, as wide as the target asks, under a loss that takes logits or
    values.

    Labels are rewritten in the form that the loss takes.
    """

    def apply(self, program: Program, task: Task) -> Program:
        look = ModuleSight(program.module).look(program.X[:2])
        nn = library(program.module).nn
        loss, y, width = suited(program, task)

        def edit(module: Any) -> None:
            last = look.last
            active = [path for path, part in last.modules if _is_activation(part)]
            if not active and last.activation is not None:
                raise CannotApply("the output's activation is called as a function")
            for path in active:
                put(module, path, nn.Identity())
            d_out, d_in = last.weight.shape
            if d_out != width:
                fresh = nn.Linear(d_in, width)
                rng = generator(program.seed, "initialization")
                INITIALIZERS.make("xavier").fill(array(fresh.weight), rng)
                array(fresh.bias)[...] = 0
                put(module, last.name, fresh)

        held = program.validation
        changed = rebuilt(program, edit)
        return changed.changed(
            loss=loss, y=y(program.y), validation=None if held is None else (held[0], y(held[1])), metric=None
        )

    def __str__(self) -> str:
        return "the output without an activation, and a loss that takes it as it is"


def round_rate(rate: float) -> float:
    """To one digit, as people write rates."""
    return float(f"{rate:.0e}")


@dataclass(frozen=True)
class ZeroGrad(Change):
    def apply(self, program: Program, task: Task) -> Program:
        return program.changed(zero_grad=True)

    def __str__(self) -> str:
        return "optimizer.zero_grad() before each backward()"


@dataclass(frozen=True)
class KeepPairs(Change):
    """The rows as they are, without the program's own change of them before each epoch."""

    def apply(self, program: Program, task: Task) -> Program:
        if program.before_epoch is None:
            raise CannotApply("nothing changes the rows between epochs")
        return program.changed(before_epoch=None)

    def __str__(self) -> str:
        return "features and labels shuffled by one and the same order"


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
class Normalize(Change):
    """Batch normalization before each hidden activation."""

    def apply(self, program: Program, task: Task) -> Program:
        look = ModuleSight(program.module).look(program.X[:2])
        if len(program.X) < 2 or program.batch_size < 2:
            raise CannotApply("batches of one row have no spread")

        def edit(module: Any) -> None:
            nn = library(module).nn
            parts = dict(module.named_modules())
            for layer in look.hidden:
                if not layer.normalized:
                    put(
                        module, layer.name, nn.Sequential(parts[layer.name], nn.BatchNorm1d(layer.weight.shape[0]))
                    )

        return rebuilt(program, edit)

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"normalization": "batch_norm"}

    def __str__(self) -> str:
        return "batch normalization before each hidden activation"


@dataclass(frozen=True)
class HiddenLayer(Change):
    """Another hidden layer of ReLU units, first of all."""

    units: int = 64

    def apply(self, program: Program, task: Task) -> Program:
        look = ModuleSight(program.module).look(program.X[:2])

        def edit(module: Any) -> None:
            nn = library(module).nn
            first = look.layers[0]
            d_out, d_in = first.weight.shape
            rng = generator(program.seed, "initialization")
            wide, back = nn.Linear(d_in, self.units), nn.Linear(self.units, d_out)
            for part, name in ((wide, "he"), (back, "xavier")):
                INITIALIZERS.make(name).fill(array(part.weight), rng)
                array(part.bias)[...] = 0
            put(module, first.name, nn.Sequential(wide, nn.ReLU(), back))

        return rebuilt(program, edit)

    def __str__(self) -> str:
        return f"a hidden layer of {self.units} ReLU units"


@dataclass(frozen=True)
class AllParameters(Change):
    def apply(self, program: Program, task: Task) -> Program:
        return rebuilt(program, lambda module: None)

    def __str__(self) -> str:
        return "an optimizer over all parameters"


@dataclass(frozen=True)
class Together(Change):
    """Several changes at once; those that find nothing to change are left out."""

    parts: tuple[Change, ...]

    def apply(self, program: Program, task: Task) -> Program:
        applied = 0
        for part in self.parts:
            try:
                program, applied = part.apply(program, task), applied + 1
            except CannotApply:
                continue
        if applied < 2:
            raise CannotApply("fewer than two of them find something to change")
        return program

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {name: value for part in self.parts for name, value in part.settings(program).items()}

    def __str__(self) -> str:
        return " and ".join(str(part) for part in self.parts)
