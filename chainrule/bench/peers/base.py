"""What a peer is: somebody who does the work of a task, in the way that is fastest for it."""

from __future__ import annotations

import importlib
from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from chainrule.bench.tasks import Data, Inference, Task, Training
from chainrule.core.registry import Registry
from chainrule.core.types import Array


@dataclass(frozen=True)
class Trained:
    """One epoch: the seconds of its loop alone, and those of the checks before and after it.

    ``losses`` of each step, or their mean alone where a library keeps no more; ``theta`` the weights it ended
    with. Both are None for the products alone.
    """

    seconds: float
    border: float = 0.0
    losses: Array | None = None
    theta: Array | None = None


@dataclass(frozen=True)
class Answered:
    """The seconds of all calls, and the class of every row, (calls x rows,)."""

    seconds: float
    classes: Array | None = None


class Peer(ABC):
    """A library and one way to use it; its settings are fields, its ``variants`` all of them that are tried.

    ``training`` and ``inference`` build whatever is needed beforehand and return a function that does the work
    once, each time from the same start, with a clock around the loop alone. Gathering a batch's rows by the
    given order is part of the loop. Peers of one ``host`` and one ``environment`` share a process.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    short: ClassVar[str]  # for the head of a column
    library: ClassVar[str | None] = None  # to be imported
    package: ClassVar[str | None] = None  # to be installed, where that is another name
    host: ClassVar[str]
    kinds: ClassVar[tuple[type[Task], ...]] = (Training, Inference)
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)
    compiles: ClassVar[bool] = False  # so that its first steps take long
    agreement: ClassVar[float] = 5e-3  # how far its weights may be from ours, of the way that they went

    def missing(self) -> str | None:
        """Why this peer cannot run here, in a few words; None where it can."""
        try:
            if self.library:
                importlib.import_module(self.library)
        except (ImportError, OSError) as problem:  # OSError: its own libraries do not load
            if getattr(problem, "name", None) == self.library:
                return f"{self.package or self.library} is not installed"
            return f"{self.library} does not load: {problem}"
        return None

    def lacks(self, task: Task) -> str | None:
        """Why this peer cannot do the task, in a few words; None where it can."""
        return None

    def environment(self) -> dict[str, str]:
        """Variables that must be set before its process starts."""
        return {}

    def label(self) -> str:
        """Which variant this is: ``2 threads, fused``."""
        words = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name == "threads":
                words.append(f"{value} thread{'s' if value != 1 else ''}")
            elif value is True:
                words.append(field.name)
        return ", ".join(words)

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        raise NotImplementedError

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        raise NotImplementedError


PEERS: Registry[Peer] = Registry("peer", __name__, __file__)
