from __future__ import annotations

from dataclasses import dataclass

from chainrule.core.settings import number
from chainrule.regularizers.base import REGULARIZERS, Average


@REGULARIZERS.register("swa")
@dataclass(frozen=True)
class SWA(Average):
    """The plain mean of the weights at the ends of epochs, from the share ``start`` of the training on.

    Stochastic weight averaging, Izmailov et al. 2018; a constant or cyclic learning rate in that part suits it.
    An epoch that ends exactly at ``start`` counts. A training stopped before has its last weights.
    """

    start: float = 0.75

    examples = ({}, {"start": 0.0})
    each = "epoch"
    needs_steps = True

    def __post_init__(self) -> None:
        number("swa: start", self.start, least=0, most=1)

    def share(self, count: int, progress: float) -> float | None:
        return 1 / (count + 1) if progress >= self.start else None
