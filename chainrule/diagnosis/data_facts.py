"""What the rows and targets are like, before any network sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.tasks import Task

MOST = 100_000_000  # numbers looked at; of more rows an even sample


@dataclass
class DataFacts:
    """Of X (n, d) flattened to rows, and y. Spreads are standard deviations.

    ``mean``, ``spread``, ``low``, ``high`` are by column. ``counts`` are rows by distinct target, where the task
    decides, ``held_counts`` those of the validation rows. ``conflicts`` is the share of rows equal to another with
    another target, that no function of the features gets right; ``repeated`` the share of rows equal to another;
    ``shared`` the share of validation rows that training has too. ``copied`` is the first column equal to the
    target in every row.
    """

    n: int = 0
    d: int = 0
    finite: bool = True
    first_bad: tuple[str, int, int] | None = None  # "X" or "y", row, column
    mean: Array = field(default_factory=lambda: np.zeros(0))
    spread: Array = field(default_factory=lambda: np.zeros(0))
    low: Array = field(default_factory=lambda: np.zeros(0))
    high: Array = field(default_factory=lambda: np.zeros(0))
    y_mean: Array = field(default_factory=lambda: np.zeros(0))
    y_spread: Array = field(default_factory=lambda: np.zeros(0))
    y_low: float = 0.0
    y_high: float = 0.0
    y_whole: bool = False
    y_distinct: int = 0
    counts: dict[float, int] = field(default_factory=dict)
    conflicts: float = 0.0
    distinct_rows: int = 0
    shared: float = 0.0
    sorted_labels: bool = False
    repeated: float = 0.0
    held_counts: dict[float, int] = field(default_factory=dict)
    copied: int | None = None
    whole: bool = False  # every feature is a whole number


def data_facts(X: Array, y: Array, task: Task, validation: tuple[Array, Array] | None = None) -> DataFacts:
    every = max(1, int(np.ceil(X.size / MOST)))
    X, y = X[::every], y[::every]
    flat = np.asarray(X, np.float64).reshape(len(X), -1)
    target = np.asarray(y, np.float64).reshape(len(y), -1)
    facts = DataFacts(*flat.shape)
    for name, values in (("X", flat), ("y", target)):
        bad = ~np.isfinite(values)
        if bad.any():
            facts.finite = False
            row, column = (int(i) for i in np.argwhere(bad)[0])
            facts.first_bad = facts.first_bad or (name, row, column)
    with np.errstate(all="ignore"):
        facts.mean, facts.spread = flat.mean(axis=0), flat.std(axis=0)
        facts.low, facts.high = flat.min(axis=0), flat.max(axis=0)
        facts.y_mean, facts.y_spread = target.mean(axis=0), target.std(axis=0)
        facts.y_low, facts.y_high = float(target.min()), float(target.max())
        facts.y_whole = bool((target == np.rint(target)).all())
        facts.whole = bool((flat == np.rint(flat)).all())
    _about_labels(facts, target, task, validation)
    _about_rows(facts, flat, target, validation)
    return facts


def _rows(values: Array) -> Array:
    return np.asarray(values, np.float64).reshape(len(values), -1)


def _classes(target: Array, task: Task) -> Array:
    written_out = task.form in ("one_hot", "soft") and task.kind == "classes"
    found: Array = target.argmax(axis=1) if written_out else target[:, 0]
    return found


def _counts(one: Array) -> dict[float, int]:
    values, counts = np.unique(one, return_counts=True)
    return {float(v): int(c) for v, c in zip(values, counts, strict=True)}


def _about_labels(facts: DataFacts, target: Array, task: Task, validation: tuple[Array, Array] | None) -> None:
    one = _classes(target, task)
    counts = _counts(one)
    facts.y_distinct = len(counts)
    if task.decides and task.kind != "labels":
        facts.counts = counts
        facts.sorted_labels = len(counts) > 1 and len(one) >= 20 and bool((np.diff(one) >= 0).all())
        if validation is not None and len(validation[1]):
            facts.held_counts = _counts(_classes(_rows(validation[1]), task))


def row_keys(rows: Array) -> Array:
    """A number for each row, equal for equal rows."""
    rows = np.ascontiguousarray(rows) + 0.0  # -0 and 0 are equal
    mix = np.random.default_rng(0).integers(1, 2**63, rows.shape[1], dtype=np.uint64) | np.uint64(1)
    bits = rows.view(np.uint64)
    with np.errstate(all="ignore"):
        found: Array = ((bits ^ (bits >> np.uint64(31))) * mix).sum(axis=1, dtype=np.uint64)
    return found


def _about_rows(facts: DataFacts, flat: Array, target: Array, validation: tuple[Array, Array] | None) -> None:
    keys = row_keys(flat)
    distinct, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    facts.distinct_rows = len(distinct)
    facts.repeated = float(counts[counts > 1].sum() / max(len(flat), 1))
    if target.shape[1] == 1 and len(flat) > 1:
        same = np.flatnonzero((flat == target).all(axis=0))
        facts.copied = int(same[0]) if len(same) and facts.y_spread[0] > 0 else None
    both = row_keys(np.hstack([flat, target]))
    # rows with equal features whose target is not the commonest of them
    pairs, pair_counts = np.unique(np.stack([which.astype(np.uint64), both]), axis=1, return_counts=True)
    most = np.zeros(len(distinct), np.int64)
    np.maximum.at(most, pairs[0].astype(np.int64), pair_counts)
    facts.conflicts = float((counts - most).sum() / max(len(flat), 1))
    if validation is not None and len(validation[0]):
        seen = row_keys(_rows(validation[0]))
        facts.shared = float(np.isin(seen, distinct).mean())
