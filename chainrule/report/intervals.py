"""How far a score on so many rows could be off: intervals of 95 % confidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from chainrule.core.errors import ChainruleError
from chainrule.core.rng import generator
from chainrule.core.types import Array

LEVEL = 0.95
RESAMPLES = 1000
WORK = 20_000_000  # rows to be drawn in all; above, fewer resamples, but at least LEAST
LEAST = 200


@dataclass(frozen=True)
class Interval:
    """From ``low`` to ``high``; ``how`` names the method."""

    low: float
    high: float
    how: str


def wilson(hits: int, rows: int) -> Interval | None:
    """Of a share: the p with |hits/n - p| <= z sqrt(p (1 - p) / n).  Wilson 1927.  None without rows.

    Unlike share +- z sqrt(share (1 - share) / n) it stays in [0, 1] and is no point at 0 and 1.
    """
    if not rows:
        return None
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, weight = hits / rows, z * z / rows
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / rows + weight / (4 * rows)) / (1 + weight)
    # Rounding must not shut out what the formula includes.
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)), "Wilson")


def bootstrap(statistic: Callable[[Array], float], rows: int, seed: int = 0) -> Interval | None:
    """Of anything: percentiles of ``statistic(row numbers)`` over resamples with replacement.  Efron 1979.

    The same rows and seed give the same interval. None for fewer than two rows, and where the statistic of a
    resample isn't defined or finite.
    """
    if rows < 2:
        return None
    rng = generator(seed, "bootstrap")
    resamples = int(np.clip(WORK // rows, LEAST, RESAMPLES))
    try:
        found = np.array([statistic(rng.integers(0, rows, rows)) for _ in range(resamples)])
    except ChainruleError:
        return None
    if not np.isfinite(found).all():
        return None
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), f"bootstrap, {resamples:,} resamples, seed {seed}")
