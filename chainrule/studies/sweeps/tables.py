"""A sweep's results as tables: for a terminal, and for a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import show
from chainrule.studies.sweeps.conduct import Session
from chainrule.studies.sweeps.importance import Importance
from chainrule.studies.sweeps.results import Outcome, Results
from chainrule.studies.text import count

MOST_COLUMNS = 8


@dataclass(frozen=True)
class Table:
    """Texts; the first ``left`` columns are set left, the others right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    def markdown(self) -> str:
        rule = ["---" if i < self.left else "---:" for i in range(len(self.heads))]
        cells = [[cell.replace("|", r"\|") for cell in row] for row in [self.heads, *self.rows]]
        lines = [f"| {' | '.join(row)} |" for row in [cells[0], rule, *cells[1:]]]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n"


def text(value: Any) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    if isinstance(value, list | tuple):
        return ",".join(map(text, value)) or "none"
    return show(value)[1:-1]


def score(results: Results, value: float | None) -> str:
    """In percent where it is a share."""
    if value is None:
        return "-"
    return f"{100 * value:.2f} %" if results.plan.score == "accuracy" else f"{value:.5g}"


def spread(results: Results, outcome: Outcome) -> str:
    """``94.80 ± 0.12 %``: mean and standard deviation; "diverged" and the like where there is none."""
    if outcome.mean is None:
        return outcome.state
    if outcome.deviation is None:
        return score(results, outcome.mean)
    if results.plan.score == "accuracy":
        return f"{100 * outcome.mean:.2f} ± {100 * outcome.deviation:.2f} %"
    return f"{outcome.mean:.5g} ± {outcome.deviation:.2g}"


def best(results: Results, most: int = 10) -> Table:
    names = list(results.plan.space.varied)
    rows = []
    for rank, o in enumerate(results.outcomes[:most], 1):
        settings = [text(o.values[name]) for name in names]
        rows.append([str(rank), *settings, spread(results, o), f"{o.parameters:,}", f"{o.seconds:.1f}", o.state])
    heads = ["", *names, results.plan.score, "parameters", "seconds", "state"]
    if results.count("done") == len(results.outcomes):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return Table(f"The best {len(rows)} of {count(len(results.outcomes), 'point')}", heads, rows, 0)


def values(results: Results) -> Table:
    """For each value the mean over the points that have it and were done, the best of them, how many diverged."""
    rows = []
    for name in results.plan.space.varied:
        different = dict.fromkeys(text(o.values[name]) for o in results.outcomes)
        ordered = sorted(different, key=lambda t: _number(t))
        if len(ordered) > MOST_COLUMNS:
            continue  # of a range every point has its own
        for value in ordered:
            there = [o for o in results.outcomes if text(o.values[name]) == value]
            means = [o.mean for o in there if o.mean is not None and o.state == "done"]
            top = (min if results.plan.lower_is_better else max)(means) if means else None
            mean = float(np.mean(means)) if means else None
            gone = sum(o.state == "diverged" for o in there)
            rows.append([name, value, score(results, mean), score(results, top), f"{gone} of {len(there)}"])
    return Table("By value", ["setting", "value", "mean of the done", "best", "diverged"], rows, 2)


def pivot(results: Results, column: str | None = None) -> Table | None:
    """Every point: a row for all settings but one, a column for each value of that one; None if they don't fit.

    ``column`` unless told is the setting of the most values that still fit.
    """
    names = list(results.plan.space.varied)
    different = {n: sorted({text(o.values[n]) for o in results.outcomes}, key=_number) for n in names}
    fitting = [n for n in names if len(different[n]) <= MOST_COLUMNS]
    if not fitting or (column is not None and column not in fitting):
        return None
    column = column or max(fitting, key=lambda n: len(different[n]))
    others = [n for n in names if n != column]
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for o in sorted(results.outcomes, key=lambda o: o.point):
        row = cells.setdefault(tuple(text(o.values[n]) for n in others), {})
        row[text(o.values[column])] = spread(results, o)
    ordered = sorted(cells, key=lambda row: [_number(t) for t in row])
    rows = [[*row, *(cells[row].get(value, "-") for value in different[column])] for row in ordered]
    heads = [*others, *(f"{column} {value}" for value in different[column])]
    return Table(f"Every point: {results.plan.score}", heads, rows, 0)


def matters(found: Importance) -> Table:
    rows = [[name, f"{100 * share:.1f} %"] for name, share in found.shares.items()]
    rows += [[f"{a} with {b}", f"{100 * share:.1f} %"] for (a, b), share in found.pairs.items() if share >= 0.005]
    return Table(f"What matters: shares of the variance; {found.method}", ["setting", "share"], rows)


def speed(sessions: Sequence[Session]) -> Table:
    """A row for each call of the command."""
    rows = [
        [str(s.workers), f"{s.trainings:,}", f"{s.wall:.0f}", f"{s.a_minute:.1f}", f"{100 * s.lost:.0f} %",
         *(f"{100 * part / (s.workers * s.wall):.0f} %" for part in (s.preparing, s.scoring))]
        for s in sessions
    ]  # fmt: skip
    heads = ["workers", "trainings", "seconds", "a minute", "not training", "of it data and network", "scoring"]
    return Table("Speed", heads, rows, 0)


def _number(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return float("inf"), value
