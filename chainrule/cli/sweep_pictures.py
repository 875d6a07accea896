"""The pictures of a sweep: which of its numbers go where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.plots import effects, planes, save, sweep
from chainrule.studies.sweeps import Choices, Importance, Results
from chainrule.studies.sweeps.tables import text

MOST = 8  # values of a setting that a table of colors has room for


def draw(results: Results, found: Importance | None, folder: Path) -> list[Path]:
    """The files written: effects.svg, planes.svg where there are lists, runs.svg where the points are no grid."""
    rows, result, higher = _rows(results)
    names = list(found.shares) if found is not None else list(results.plan.space.varied)
    pictures: dict[str, Any] = {"effects": effects(rows, names, result, higher)}
    if results.plan.search.name != "grid":  # of a full grid every line is there, and hides the others
        pictures["runs"] = sweep(rows, result, higher)
    lists = [
        n for n in names if isinstance(p := results.plan.space.parameters[n], Choices) and len(p.values) <= MOST
    ]
    if len(lists) > 1:
        # the longest lists within a table, the others between
        inner = sorted(lists[:4], key=lambda n: -len(results.plan.space.parameters[n].plain()))
        pictures["planes"] = planes(rows, inner, result, higher)
    paths = []
    for name, made in pictures.items():
        paths.append(folder / f"{name}.svg")
        save(made, paths[-1])
    return paths


def _rows(results: Results) -> tuple[list[dict[str, Any]], str, bool]:
    """A row a point. Of an accuracy what it lacks is drawn, in percent: between 98 and 96 % lies a factor of 2."""
    plan = results.plan
    share = plan.score in ("accuracy", "balanced_accuracy")
    result = "error, %" if share else plan.score
    rows = []
    for o in sorted(results.outcomes, key=lambda o: o.point):
        settings = {n: v if isinstance(v, int | float | str) else text(v) for n, v in results.varied(o).items()}
        rows.append({**settings, result: None if o.mean is None else 100 * (1 - o.mean) if share else o.mean})
    return rows, result, not share and not plan.lower_is_better
