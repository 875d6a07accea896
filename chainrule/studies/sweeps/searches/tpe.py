from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.settings import whole
from chainrule.studies.sweeps.searches.base import SEARCHES, Search
from chainrule.studies.sweeps.space import MOST_POINTS, Point, Space


@SEARCHES.register("tpe")
@dataclass(frozen=True)
class TPE(Search):
    """Tree-structured Parzen estimators: a point is drawn where good ones were likelier than bad.  Bergstra 2011.

    Optuna's, its first ten points random. What a point is depends on which others were finished when it was
    drawn, so with several workers no two sweeps are the same; with one worker they are.
    """

    trials: int = 50

    learns = True

    def __post_init__(self) -> None:
        whole("--trials", self.trials, most=MOST_POINTS)

    def points(self, space: Space, seed: int) -> list[Point] | None:
        return None
