"""Two samples of counts: whether they come from one distribution, how far apart they are, and many such tests."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.types import Array

LEAST = 5.0  # rows expected in a bin of either sample: Cochran 1954
HALF = 0.5  # a row, added to each bin of a share: an empty one is no proof of never


def chi_square(a: Array, b: Array) -> tuple[float, int]:
    """sum (O - E)^2 / E over both samples and all bins, and its degrees of freedom: bins - 1.  Pearson 1900.

    E is the bin's part of both samples together. No bin may be empty in both.
    """
    both = a + b
    share = both / both.sum()
    off = a - share * a.sum()  # of the other sample it is as much, with the other sign
    return float((off**2 / share).sum() * (1 / a.sum() + 1 / b.sum())), len(a) - 1


def upper_tail(x: float, freedom: int) -> float:
    """P(chi^2 > x), in closed form for whole degrees of freedom k.  Abramowitz & Stegun 1964, 26.4.4 and 26.4.5.

    With h = x/2: k even   exp(-h) sum h^i / i!                               i = 0 ... k/2 - 1
                  k odd    erfc(sqrt h) + exp(-h) sum h^(i-1/2) / gamma(i+1/2)  i = 1 ... (k-1)/2
    """
    h = x / 2
    if not freedom or h <= 0:
        return 1.0
    if math.isinf(h):
        return 0.0
    first = math.erfc(math.sqrt(h)) if freedom % 2 else 0.0
    powers = [i + (freedom % 2) / 2 for i in range(freedom // 2)]
    # through logarithms: h^i and i! alone would overflow
    return min(1.0, first + math.fsum(math.exp(i * math.log(h) - h - math.lgamma(i + 1)) for i in powers))


def stability(a: Array, b: Array) -> float:
    """PSI = sum (q - p) ln(q / p) over the shares p of ``a`` and q of ``b``.  Siddiqi 2006.

    Below 0.1 is taken for no change, above 0.2 or 0.25 for one to act on. Each bin has half a row more.
    """
    p, q = ((counts + HALF) / (counts + HALF).sum() for counts in (a, b))
    return float(((q - p) * np.log(q / p)).sum())


def merged(a: Array, b: Array) -> tuple[Array, Array]:
    """The counts with neighboring bins joined until each is expected to hold ``LEAST`` rows of either sample."""
    least = LEAST * (a.sum() + b.sum()) / min(a.sum(), b.sum())
    bins: list[Array] = []
    for pair in np.column_stack([a, b]):
        if bins and bins[-1].sum() < least:
            bins[-1] = bins[-1] + pair
        else:
            bins.append(pair)
    if len(bins) > 1 and bins[-1].sum() < least:
        last = bins.pop()
        bins[-1] = bins[-1] + last
    found = np.array(bins)
    return found[:, 0], found[:, 1]


def false_discovery(p: Array) -> Array:
    """q: of all tests with at most this q, a share q at most is chance.  Benjamini & Hochberg 1995."""
    n = len(p)
    order = np.argsort(p)[::-1]
    q = np.empty(n)
    q[order] = np.minimum.accumulate(p[order] * n / np.arange(n, 0, -1))
    return q
