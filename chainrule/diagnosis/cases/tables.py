"""Tables drawn in place of ones that are not public, from what a case says of them in words.

A row has d independent standard normal quantities. The answer is a smooth function of them; the columns that the
network sees are the quantities in units of their own ("unscaled"), between 0 and 1 ("min-max"), or as they are.
"""

from __future__ import annotations

import re

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.cases.asked import Asked, Drawn

_POSITIVES = re.compile(r"(\d+(?:\.\d+)?)\s*%\s*positives?")
_LABELS = re.compile(r"labels\s+(\d+)\.\.(\d+)")
_LARGEST = re.compile(r"up to (\d+(?:e\d+)?)")


def table(asked: Asked, rng: np.random.Generator) -> Drawn:
    """The rows and answers that the words ask for."""
    said = asked.prose
    n = asked.rows(1000 if "census" in said else 768 if "pima" in str(asked.data["kind"]) else 200)
    if "one-hot categories" in said and asked.d == 1:
        return _categories(n, asked.units, rng)
    Z = rng.normal(0, 1, (n, asked.d))
    signal = _signal(Z, rng)
    X = _columns(Z, said)
    if asked.task == "regression":
        unit = 1000.0 if "thousand" in said else 1.0
        y = unit * (10 + 4 * signal / signal.std())
        return Drawn(X, np.repeat(y[:, None], asked.units, axis=1) if asked.units > 1 else y)
    span = _LABELS.search(said)
    if span or asked.classes > 2:
        k = int(span[2]) + 1 if span else asked.classes
        cuts = np.quantile(signal, np.arange(1, k) / k)
        return Drawn(X, np.searchsorted(cuts, signal), k)
    return Drawn(X, _yes_no(signal, said, rng), 2)


def _signal(Z: Array, rng: np.random.Generator) -> Array:
    """A direction that every quantity has a part in, and a bend."""
    w = rng.uniform(0.5, 1.5, Z.shape[1]) * rng.choice([-1, 1], Z.shape[1])
    bend = Z[:, 0] * Z[:, -1] if Z.shape[1] > 1 else Z[:, 0] ** 2 - 1
    found: Array = Z @ w / np.linalg.norm(w) + 0.3 * bend
    return found


def _yes_no(signal: Array, said: str, rng: np.random.Generator) -> Array:
    n = len(signal)
    if "labels equal" in said:
        y = np.ones(n, np.int64)
        if "almost" in said:
            y[np.argmin(signal)] = 0
        return y
    if "noisy" in said:
        signal = signal + rng.normal(0, signal.std(), n)
    found = _POSITIVES.search(said)
    share = float(found[1]) / 100 if found else 0.5
    return np.asarray(signal > np.quantile(signal, 1 - share), np.int64)


def _columns(Z: Array, said: str) -> Array:
    """The quantities as the program's author had them."""
    if any(word in said for word in ("standardised", "standardized", "normalised", "normalized")):
        return Z
    if "min-max" in said or "minmax" in said:
        return np.asarray((Z - Z.min(axis=0)) / np.ptp(Z, axis=0))
    # In units of their own: from a few to thousands, or to the largest number that the words name
    found = _LARGEST.search(said)
    top = float(found[1]) / 6 if found else 1e4 if "byte" in said else 1e3
    units = np.geomspace(1.0, top, Z.shape[1]) if Z.shape[1] > 1 else np.array([top])
    return np.asarray(np.maximum(np.rint((Z + 3) * units), 0.0))


def _categories(n: int, k: int, rng: np.random.Generator) -> Drawn:
    """One number x in [0, 100), and the kth part of the range in which it lies."""
    x = rng.uniform(0, 100, max(n, 20 * k))
    return Drawn(x[:, None], np.minimum((x * k / 100).astype(np.int64), k - 1), k)
