from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.core.settings import number, whole
from chainrule.schedules.base import SCHEDULES, Warmed

MOST_RESTARTS = 1000


@SCHEDULES.register("cosine")
@dataclass(frozen=True)
class Cosine(Warmed):
    """lr = low + (peak - low) (1 + cos(pi i / n)) / 2 at step i = 0 ... n - 1 of a cycle of n, low = floor peak.

    One cycle, which takes all steps, unless there are ``restarts``: each begins a cycle at the peak again,
    ``stretch`` times as long as the one before. The first has as many whole steps as it needs for the cycles to
    fill the training; the last may be cut short. Loshchilov & Hutter 2017; PyTorch's CosineAnnealingLR and
    CosineAnnealingWarmRestarts.
    """

    floor: float = 0.0
    restarts: int = 0
    stretch: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        number("cosine: floor", self.floor, least=0, most=1)
        whole("cosine: restarts", self.restarts, least=0, most=MOST_RESTARTS)
        whole("cosine: stretch", self.stretch, most=MOST_RESTARTS)

    def curve(self, t: int, steps: int, peak: float) -> float:
        i, n = t - 1, self.first_cycle(steps)
        while i >= n:
            i, n = i - n, n * self.stretch
        low = self.floor * peak
        return low + (peak - low) * (1 + math.cos(math.pi * i / n)) / 2

    def first_cycle(self, steps: int) -> int:
        """The length of the first cycle, in steps."""
        cycles = self.restarts + 1
        firsts = cycles if self.stretch == 1 else (self.stretch**cycles - 1) // (self.stretch - 1)
        return -(-steps // firsts)
