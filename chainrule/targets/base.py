"""What a target is: the meaning of a network's outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Target(ABC):
    """From what a user calls the answers to the numbers a loss compares, and back."""

    name: ClassVar[str]
    task: ClassVar[Literal["classes", "values"]]
    names: tuple[str, ...]  # of the classes, or of the quantities
    column: str  # of a table that held the answers

    @abstractmethod
    def encode(self, y: Any) -> Array:
        """Answers as class ids or as scaled values."""

    @abstractmethod
    def restore(self, decided: Array) -> Array:
        """Class ids stay ids; values return to the user's unit."""


TARGETS: Registry[Target] = Registry("target", __name__, __file__)
