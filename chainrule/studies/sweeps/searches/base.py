"""What a search is: the points of a sweep, known at once, or asked for one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chainrule.core.registry import Registry
from chainrule.studies.sweeps.space import Point, Space


class Search(ABC):
    """``trials`` is the number of points; 0 where the space says it."""

    name: ClassVar[str]
    learns: ClassVar[bool] = False  # whether a point depends on the scores of others, so that their order counts
    trials: int

    @abstractmethod
    def points(self, space: Space, seed: int) -> list[Point] | None:
        """All points, the same for the same seed; None where they are asked for one by one."""


SEARCHES: Registry[Search] = Registry("search", __name__, __file__)
