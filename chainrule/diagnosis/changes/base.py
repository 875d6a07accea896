"""What a change is, and how a program is rebuilt with it."""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.diagnosis.program import Program
from chainrule.diagnosis.tasks import Task


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
