from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.rng import generator
from chainrule.core.settings import whole
from chainrule.studies.sweeps.searches.base import SEARCHES, Search
from chainrule.studies.sweeps.space import MOST_POINTS, Point, Space


@SEARCHES.register("random")
@dataclass(frozen=True)
class Random(Search):
    """``trials`` points, each parameter drawn by itself.  Bergstra & Bengio 2012.

    Of a few parameters that matter among many that don't, it tries more different values than a grid of as many
    points. The first k points are the same whatever ``trials`` is.
    """

    trials: int = 50

    def __post_init__(self) -> None:
        whole("--trials", self.trials, most=MOST_POINTS)

    def points(self, space: Space, seed: int) -> list[Point] | None:
        rng = generator(seed, "sweep")
        return [space.sample(rng) for _ in range(self.trials)]
