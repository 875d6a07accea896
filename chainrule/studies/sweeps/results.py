"""What came of a sweep: the trainings of each point joined, and the points ranked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.runs import RunConfig
from chainrule.studies.sweeps.plan import Plan
from chainrule.studies.sweeps.space import configured
from chainrule.studies.sweeps.trial import Record


@dataclass(frozen=True)
class Outcome:
    """A point over its seeds and folds. ``state`` is "done", "pruned", "diverged", "failed" or, of a
    sweep that was interrupted, "unfinished".

    A point is done when all its trainings are, diverged when one is. ``scores`` are in the order of seeds, then
    folds; of a pruned point those of its last rung.
    """

    point: int
    values: dict[str, Any]
    state: str
    scores: tuple[float, ...]
    epochs: int
    parameters: int
    seconds: float  # of training, all its runs together
    why: str = ""

    @property
    def mean(self) -> float | None:
        return float(np.mean(self.scores)) if self.scores else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation over seeds and folds, n - 1 in the denominator; None of a single one."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else None


@dataclass(frozen=True)
class Results:
    """``outcomes`` from the best to the worst; those without a score come last, as they were numbered."""

    plan: Plan
    outcomes: tuple[Outcome, ...]

    @classmethod
    def of(cls, plan: Plan, records: Iterable[Record]) -> Results:
        by_point: dict[int, list[Record]] = {}
        for record in records:
            by_point.setdefault(record["point"], []).append(record)
        wanted = plan.seeds * max(plan.folds, 1)
        last = len(plan.prune.rungs()) - 1 if plan.prune is not None and plan.prune.in_step else 0
        made = [_outcome(of_it, wanted, last) for of_it in by_point.values()]
        sign = 1 if plan.lower_is_better else -1

        def order(outcome: Outcome) -> tuple[Any, ...]:
            rank = ("done", "pruned").index(outcome.state) if outcome.state in ("done", "pruned") else 2
            return rank, sign * outcome.mean if outcome.mean is not None else math.inf, outcome.point

        return cls(plan, tuple(sorted(made, key=order)))

    @property
    def best(self) -> Outcome | None:
        return self.outcomes[0] if self.outcomes and self.outcomes[0].state == "done" else None

    def count(self, state: str) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)

    def best_config(self) -> RunConfig | None:
        """What ``train --config`` takes, with the first seed; of a sweep with folds it trains on all rows."""
        if self.best is None:
            return None
        values = {name: tuple(v) if isinstance(v, list) else v for name, v in self.best.values.items()}
        return dataclasses.replace(configured(self.plan.config, values))

    def varied(self, outcome: Outcome) -> dict[str, Any]:
        """The values of a point that differ between points."""
        return {name: outcome.values[name] for name in self.plan.space.varied}


def _outcome(records: list[Record], wanted: int, last: int) -> Outcome:
    rung = max(record["rung"] for record in records)
    # of a training done twice, as a failed one is when the sweep goes on, the last word counts
    latest = {(r["seed"], r["fold"]): r for r in records if r["rung"] == rung}
    there = [latest[key] for key in sorted(latest, key=lambda key: (key[0], -1 if key[1] is None else key[1]))]
    states = {record["state"] for record in there}
    state = next((s for s in ("failed", "diverged", "pruned") if s in states), "done")
    if state == "done" and rung < last:
        state = "pruned"
    elif state == "done" and len(there) < wanted:
        state = "unfinished"
    scores = tuple(r["score"] for r in there if r["score"] is not None) if state in ("done", "pruned") else ()
    first = records[0]
    return Outcome(
        first["point"],
        first["values"],
        state,
        scores,
        max(record.get("epochs", 0) for record in there),
        max(record.get("parameters", 0) for record in there),
        sum(record["seconds"]["training"] for record in records),
        next((record["why"] for record in there if "why" in record), ""),
    )
