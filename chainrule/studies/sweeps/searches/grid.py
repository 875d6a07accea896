from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.errors import SettingError
from chainrule.studies.sweeps.searches.base import SEARCHES, Search
from chainrule.studies.sweeps.space import Point, Space


@SEARCHES.register("grid")
@dataclass(frozen=True)
class Grid(Search):
    """Every combination of the listed values, each once."""

    trials: int = 0

    def __post_init__(self) -> None:
        if self.trials:
            raise SettingError("a grid has as many trials as points; leave out --trials, or --search random")

    def points(self, space: Space, seed: int) -> list[Point] | None:
        return list(space.grid())
