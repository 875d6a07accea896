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
    decides. ``conflicts`` is the share of rows equal to another with another target; ``shared`` the share of
    validation rows that training has too.
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
    _about_labels(facts, target, task)
    _about_rows(facts, flat, target, validation)
    return facts


def _about_labels(facts: DataFacts, target: Array, task: Task) -> None:
    one = target.argmax(axis=1) if task.form in ("one_hot", "soft") and task.kind == "classes" else target[:, 0]
    values, counts = np.unique(one, return_counts=True)
    facts.y_distinct = len(values)
    if task.decides and task.kind != "labels":
        facts.counts = {float(v): int(c) for v, c in zip(values, counts, strict=True)}
        facts.sorted_labels = len(values) > 1 and len(one) >= 20 and bool((np.diff(one) >= 0).all())


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
    both = row_keys(np.hstack([flat, target]))
    # rows with equal features whose target is not the commonest of them
    pairs, pair_counts = np.unique(np.stack([which.astype(np.uint64), both]), axis=1, return_counts=True)
    most = np.zeros(len(distinct), np.int64)
    np.maximum.at(most, pairs[0].astype(np.int64), pair_counts)
    facts.conflicts = float((counts - most).sum() / max(len(flat), 1))
    if validation is not None and len(validation[0]):
        seen = row_keys(np.asarray(validation[0], np.float64).reshape(len(validation[0]), -1))
        facts.shared = float(np.isin(seen, distinct).mean())
