"""What a kind of work is: something that is measured, and the tables of what was found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.bench.crew import Crew
from chainrule.bench.measure import Progress
from chainrule.bench.peers import Peer
from chainrule.bench.tables import Table
from chainrule.core.registry import Registry


@dataclass(frozen=True)
class Session:
    """What measuring needs: the processes, who is there, how often, how long, and whom to tell.

    ``rows`` are the names of the rows asked for; none means all of them. ``seconds`` are those that the repeats
    of one row may take; three are taken however long.
    """

    crew: Crew
    peers: Mapping[str, Sequence[Peer]]
    repeats: int
    seconds: float
    progress: Progress
    rows: tuple[str, ...] = ()


class Work(ABC):
    """Measures, and shows what a measurement found; between the two it is plain values, as JSON has them."""

    name: ClassVar[str]
    title: ClassVar[str]
    usual: ClassVar[bool] = True  # whether it is done unless told otherwise

    def rows(self) -> tuple[str, ...]:
        """Names of parts that can be asked for alone."""
        return ()

    @abstractmethod
    def run(self, session: Session) -> Any:
        """What was found."""

    @abstractmethod
    def tables(self, found: Any) -> list[Table]:
        """What was found, to be read."""


WORK: Registry[Work] = Registry("work", __name__, __file__)
