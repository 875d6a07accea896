"""Changes of the output and of the loss it is given to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.core.rng import generator
from chainrule.diagnosis.changes.base import CannotApply, Change, put, rebuilt
from chainrule.diagnosis.changes.network import MODULES, is_activation
from chainrule.diagnosis.libraries import array, library
from chainrule.diagnosis.losses import suited
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.sight import ModuleSight
from chainrule.diagnosis.tasks import Task
from chainrule.initializers import INITIALIZERS


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
            active = [path for path, part in last.modules if is_activation(part)]
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
