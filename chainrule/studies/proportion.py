"""How sure a share is, from the count it was taken from."""

from __future__ import annotations

import math

Z95 = 1.959963984540054  # the standard normal lies within +- this with a probability of 0.95


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The interval (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n) of a share p = successes / n.

    It covers the true share with a probability of about 0.95, stays within [0, 1] and has a width also where
    all or none succeeded, unlike p +- z sqrt(p (1 - p)/n).  Wilson 1927.
    """
    assert 0 <= successes <= trials
    assert trials > 0
    p, square = successes / trials, z * z
    middle = p + square / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    # where all or none succeeded one end is p itself, but for rounding
    return max(0.0, min(p, (middle - spread) / scale)), min(1.0, max(p, (middle + spread) / scale))
