"""Changes of the network: its weights, activations and layers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chainrule.core.rng import generator
from chainrule.diagnosis.changes.base import CannotApply, Change, over, put, rebuilt
from chainrule.diagnosis.libraries import array, library
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.sight import ACTIVE, ModuleSight
from chainrule.diagnosis.tasks import Task
from chainrule.initializers import INITIALIZERS

MODULES = {
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"dim": 1}),
    "log_softmax": ("LogSoftmax", {"dim": 1}),
}


ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "ELU"}


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
                active = [path for path, part in layer.modules if is_activation(part)]
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


def is_activation(part: Any) -> bool:
    return getattr(part, "activation_name", ACTIVE.get(type(part).__name__)) not in (None, "identity")


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
class HiddenLayers(Change):
    """Two hidden layers of ReLU units in place of the program's own; what follows the last layer stays."""

    units: int = 64

    def apply(self, program: Program, task: Task) -> Program:
        look = ModuleSight(program.module).look(program.X[:2])
        last = look.last
        if last.activation is not None and not last.modules:
            raise CannotApply("the output's activation is called as a function")
        nn, rng = library(program.module).nn, generator(program.seed, "initialization")
        sizes = [look.layers[0].weight.shape[1], self.units, self.units, last.weight.shape[0]]
        dense = [nn.Linear(*pair) for pair in pairwise(sizes)]
        for part, name in zip(dense, ("he", "he", "xavier"), strict=True):
            INITIALIZERS.make(name).fill(array(part.weight), rng)
            array(part.bias)[...] = 0
        after = [copy.deepcopy(part) for _, part in last.modules]
        module = nn.Sequential(dense[0], nn.ReLU(), dense[1], nn.ReLU(), dense[2], *after)
        return program.changed(module=module, optimizer=over(program.optimizer, module))

    def settings(self, program: Program) -> Mapping[str, Any]:
        return {"hidden": (self.units, self.units), "activation": "relu"}

    def __str__(self) -> str:
        return f"two hidden layers of {self.units} ReLU units in place of its own"


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
