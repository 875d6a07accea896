from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number, whole
from chainrule.studies.sweeps.pruners.base import PRUNERS, Pruner


@PRUNERS.register("halving")
@dataclass(frozen=True)
class Halving(Pruner):
    """Successive halving: of all points the best 1/``factor`` go on to ``factor`` times the epochs.

    Karnin, Koren & Somekh 2013; Jamieson & Talwalkar 2016. The rungs are E/factor^(rungs-1), ..., E/factor, E
    epochs. A point that goes on is trained from its start again, its schedule laid out for all E epochs: nothing
    is kept between rungs, and a score of a rung is that of a plain run stopped there. With three rungs of factor 3
    this is E epochs a point in place of 3 E.
    """

    factor: float = 3.0
    steps: int = 3

    in_step = True

    def __post_init__(self) -> None:
        number("halving: factor", self.factor, above=1)
        whole("halving: steps", self.steps, least=2, most=10)

    def rungs(self) -> list[float]:
        return [self.factor**-k for k in reversed(range(self.steps))]

    def survivors(self, runs: int) -> int:
        return max(1, math.ceil(runs / self.factor))
