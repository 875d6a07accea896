"""Guards against answers that leak: a feature that is the target, and validation rows that are trained on.

Both look for exact equality, and neither takes for a leak what chance or the nature of the data may bring: data
sets of fewer than 20 rows, such as truth tables, are left alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.features import Features
from chainrule.core.guards import refuse
from chainrule.core.types import Array

FEWEST = 20  # rows that can tell a leak from a coincidence
CHANCE = 6  # digits: a coincidence expected once in a million data sets is none
FEWEST_SHARED = 10  # validation rows
REPEATED = 0.1  # the share of training rows there twice, above which rows are alike by nature
LOOKED_AT, AMONG = 2000, 200_000  # validation rows, and training rows, of larger ones spread evenly
COLUMNS = 32  # of a row that make its key; rows of one key are then compared as a whole
CHUNK = 512  # rows whose keys are made at once: they stay in the cache


# -- the target among the features ----------------------------------------------------------------------


def coincidence(column: Array, pairs: int) -> bool:
    """Whether two columns of these values may be equal by chance, where so many pairs are compared.

    Of the n! / (n_1! n_2! ...) orders of the values one is equal; n_i are the counts of each.
    """
    if len(column) < FEWEST:
        return True
    counts = np.unique(column, return_counts=True)[1]
    orders = math.lgamma(len(column) + 1) - sum(math.lgamma(count + 1) for count in counts)
    return orders / math.log(10) < CHANCE + math.log10(pairs)


def refuse_target(features: Array, y: Any) -> None:
    """InputError where a column of the features, (n, d), equals a column of the answers, all in all n rows.

    Not where the answers are the features, as for an autoencoder.
    """
    answers = np.asarray(y)
    if answers.dtype.kind not in "biuf" or answers.ndim not in (1, 2) or len(features) < FEWEST:
        return
    answers = answers.reshape(len(features), -1)
    places = np.unique(np.linspace(0, len(features) - 1, 64).astype(int))
    given, wanted = _by_column(features[places], answers), _by_column(answers[places], features)
    if set(wanted) == set(given):
        return
    for key, c in wanted.items():
        j = given.get(key)
        if j is None:
            continue
        column, answer = _alike(features[:, j], answers[:, c])
        if np.array_equal(column, answer) and not coincidence(answer, features.shape[1] * answers.shape[1]):
            which = f"column {c} of the target" if answers.shape[1] > 1 else "the target itself"
            refuse(
                InputError(
                    f"column {j} of X is {which}, equal in all {len(answer):,} rows: a network that is shown the "
                    f"answer learns nothing else. Leave it out, as with np.delete(X, {j}, axis=1)",
                    guard="target-in-features",
                )
            )


def _by_column(rows: Array, other: Array) -> dict[bytes, int]:
    """The columns by what stands in them, in the type that both arrays can be compared in."""
    alike = np.ascontiguousarray(_alike(rows, other[:0])[0].T) + 0.0  # so that -0 and 0 are one
    found: dict[bytes, int] = {}
    for j, column in enumerate(alike):
        found.setdefault(column.tobytes(), j)
    return found


def _alike(a: Array, b: Array) -> tuple[Array, Array]:
    """Both in float64, floats rounded to the narrower of their types first."""
    floats = [x.dtype for x in (a, b) if x.dtype.kind == "f"]
    if floats:
        narrow = min(floats, key=lambda dtype: dtype.itemsize)
        with np.errstate(over="ignore"):
            a, b = (x.astype(narrow) if x.dtype.kind == "f" else x for x in (a, b))
    return a.astype(float), b.astype(float)


# -- rows in training and validation --------------------------------------------------------------------


def refuse_shared(x: Features, X: Any, held: Array, given: Any) -> None:
    """InputError where more than half of the validation rows are training rows, and not by nature.

    ``x`` and ``held`` are prepared, ``X`` and ``given`` what they were made from. Rows that repeat by nature, as
    in tables of few categories, are told by the training rows: where more than a tenth of them are there twice,
    nothing is said.
    """
    if len(x) < FEWEST:
        return
    if _one_memory(X, given):
        _refuse_shared("validation is the very array that is trained on; its scores say nothing about other rows")
        return
    train, other = (x.raw, held) if x.plain else (x.raw, np.asarray(given))
    if other.ndim != 2 or other.shape[1] != train.shape[1] or other.dtype.kind not in "biuf":
        return
    shared = _Shared(train, other)
    if shared.more_than_half and shared.repeated <= REPEATED:
        about = "" if shared.exact else "about "
        _refuse_shared(
            f"{about}{shared.count:,} of {len(held):,} validation rows are training rows too, though hardly any "
            "training row is there twice: their scores say little about other rows"
        )


def _refuse_shared(what: str) -> None:
    advice = "Split the rows first, or leave validation out: the history has scores of training rows by itself"
    refuse(InputError(f"{what}. {advice}", guard="shared-rows"))


def _one_memory(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return False
    return (a.ctypes.data, a.shape, a.strides, a.dtype) == (b.ctypes.data, b.shape, b.strides, b.dtype)


class _Shared:
    """How many rows of ``other`` are among those of ``train``; of many rows a sample is taken on either side.

    Then ``more_than_half`` allows for three standard deviations of what the sample may miss.
    """

    def __init__(self, train: Array, other: Array) -> None:
        some, rows = _spread(other, LOOKED_AT), _spread(train, AMONG)
        part = len(rows) / len(train)
        columns = _telling(some)
        keys = _keys(rows, columns)
        order = np.argsort(keys)
        self._keys = keys[order]
        wanted = _keys(some, columns)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(rows) - 1)
        found = np.flatnonzero(self._keys[at] == wanted)
        same = (np.asarray(some[found]) == rows[order[at[found]]]).all(axis=1).sum() if len(found) else 0
        self.exact = len(some) == len(other) and part == 1
        self.count = round(int(same) / part * len(other) / len(some))
        least = same if self.exact else same - 3 * math.sqrt(same)
        self.more_than_half = same >= FEWEST_SHARED and bool(least > part * len(some) / 2)
        self._some, self._part = _spread(keys, LOOKED_AT), part

    @property
    def repeated(self) -> float:
        """The share of training rows whose key another one has too."""
        twice = np.searchsorted(self._keys, self._some, "right") - np.searchsorted(self._keys, self._some) > 1
        return float(twice.mean()) / self._part


def _spread(array: Array, most: int) -> Array:
    """All rows, or so many, spread evenly."""
    return array if len(array) <= most else array[np.linspace(0, len(array) - 1, most).astype(int)]


def _telling(rows: Array) -> Array:
    """The columns that have the most different values among some rows."""
    some = np.sort(_spread(rows, 200), axis=0)
    return np.argsort(-(some[1:] != some[:-1]).sum(axis=0), kind="stable")[:COLUMNS]


def _keys(rows: Array, columns: Array) -> Array:
    """A number a row, (n,): equal for equal rows, and hardly ever for others."""
    factors = np.random.default_rng(0).integers(1, 2**63, len(columns), np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.empty(len(rows), np.uint64)
    for start in range(0, len(rows), CHUNK):
        values = rows[start : start + CHUNK][:, columns].astype(float)
        values += 0.0  # -0 becomes 0
        bits = values.view(np.uint64)
        bits ^= bits >> np.uint64(32)  # whole numbers differ in their highest bits alone
        bits *= factors
        bits ^= bits >> np.uint64(29)
        keys[start : start + CHUNK] = np.add.reduce(bits, axis=1)
    return keys
