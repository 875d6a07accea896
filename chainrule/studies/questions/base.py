"""What a question is: words, choices where they are natural, and an experiment that shows the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.core.registry import Registry


@dataclass(frozen=True)
class Shown:
    """What an experiment measured, in lines of at most 76 columns, and what the answer claims of it."""

    lines: tuple[str, ...]
    claims: Mapping[str, bool]

    @property
    def supports(self) -> bool:
        """Whether everything that the answer claims was found."""
        return bool(self.claims) and all(self.claims.values())


class Question(ABC):
    """One question. ``choices`` is empty where it is better answered in one's own words, and ``right`` then -1."""

    name: ClassVar[str]
    order: ClassVar[int]
    question: ClassVar[str]
    choices: ClassVar[tuple[str, ...]] = ()
    right: ClassVar[int] = -1
    answer: ClassVar[str]

    @abstractmethod
    def show(self) -> Shown:
        """Run the experiment; it takes a few seconds at most, and gives the same each time."""


QUESTIONS: Registry[Question] = Registry("question", __name__, __file__)


def in_order() -> list[Question]:
    """All questions, as they build on each other."""
    return sorted((cls() for cls in QUESTIONS.classes().values()), key=lambda each: each.order)
