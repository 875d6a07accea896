"""How the values of a column are spread, in a few numbers: quantiles, and how many rows lie between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array

PARTS = 10  # eleven quantiles: least, deciles, largest
DIGITS = (6, 9, 17)  # of an edge: the first that are enough


@dataclass(frozen=True)
class Spread:
    """Of numbers: ``counts[i]`` rows are above ``edges[i - 1]`` and at most ``edges[i]``. Of texts: no edges, and
    ``counts`` by category, in the order in which they are known.

    The edges are quantiles that stand in the data, each once, in as few digits as tell them apart. The counts are
    those of the rounded edges, so a value that many rows share is on one side, before and after.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Of finite numbers, (n,), at least one."""
        ordered = np.sort(values).astype(np.float64)
        n = len(ordered)
        exact = np.unique(ordered[[max(math.ceil(n * i / PARTS) - 1, 0) for i in range(PARTS + 1)]])
        edges = exact
        for digits in DIGITS:
            edges = np.array([float(f"{edge:.{digits}g}") for edge in exact])
            if (np.abs(edges - exact) <= _tolerance(edges)).all() and (np.diff(edges) > 0).all():
                break
        return cls(tuple(edges.tolist()), tuple(np.diff(_below(ordered, edges), prepend=0).tolist()))

    @classmethod
    def of_codes(cls, codes: Array, categories: int) -> Spread:
        """Of codes from 0, (n,); others are left out."""
        known = codes[(codes >= 0) & (codes < categories)]
        return cls((), tuple(np.bincount(known, minlength=categories).tolist()))

    @property
    def rows(self) -> int:
        return sum(self.counts)

    @property
    def bins(self) -> Array:
        """The counts with one bin more below the least edge and one above the largest: here both are empty."""
        return np.array([0, *self.counts, 0] if self.edges else self.counts, np.float64)

    def binned(self, values: Array) -> Array:
        """How many of these numbers fall into each of ``bins``."""
        ordered = np.sort(values).astype(np.float64)
        edges = np.array(self.edges)
        least = np.searchsorted(ordered, edges[0] - _tolerance(edges)[0], "left")
        return np.diff([0, least, *_below(ordered, edges), len(ordered)]).astype(np.float64)

    def quantile(self, share: float) -> float:
        """The least edge that at least this share of the rows is not above."""
        reached = np.cumsum(self.counts) >= share * self.rows
        return self.edges[int(np.argmax(reached))]


def _below(ordered: Array, edges: Array) -> Array:
    """How many values are at most each edge."""
    return np.searchsorted(ordered, edges + _tolerance(edges), "right")


def _tolerance(edges: Array) -> Array:
    """More than rounding moves an edge, or float32 a value; less than the way to the next edge."""
    found: Array = np.minimum(1e-5 * np.abs(edges), 0.25 * np.diff(edges, append=np.inf))
    return found
