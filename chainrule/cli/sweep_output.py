"""What ``sweep`` prints: the plan before, progress, and tables or one document after."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

from chainrule.cli.output import print_json, printable
from chainrule.core.marks import Marks
from chainrule.studies.sweeps import Plan, Progress, Results, Session, Sweep, importance, tables
from chainrule.studies.sweeps.conduct import BEST
from chainrule.studies.text import count

MARKS = Marks("sweep", ("best", "values", "importance", "points", "speed"))


def announcement(plan: Plan, made: Sweep, folder: Path) -> str:
    lists = " x ".join(
        f"{name} ({len(p.plain()) if isinstance(p.plain(), list) else 'range'})"
        for name, p in plan.space.varied.items()
    )
    points = plan.points()
    number = plan.search.trials if points is None else len(points)
    each = [f"{plan.seeds} seeds"] * (plan.seeds > 1) + [f"{plan.folds} folds"] * (plan.folds > 1)
    pruned = "" if plan.prune is None else f", pruned by {plan.prune.name}"
    rows = "each fold" if plan.folds else f"{plan.config.validation:.3g} of the rows"
    lines = [
        f"{plan.search.name}: {count(number, 'point')} of {printable(lists, 300)}"
        f"{', each with ' + ' and '.join(each) if each else ''}{pruned}",
        f"judged by {plan.score} on {rows}; engine {plan.config.engine}; "
        + (f"workers of {made.workers.cluster}" if made.workers.cluster else count(made.workers.number, "worker")),
    ]
    if made.shared and made.store is not None:
        lines.append(
            f"study {made.store.study} in {made.store.shown}: the same command elsewhere is one more worker"
        )
    if plan.search.learns and (made.workers.number > 1 or made.workers.cluster or made.shared):
        lines.append(
            f"{plan.search.name} with several workers doesn't repeat itself: what it tries depends on who is done"
        )
    return "\n".join([*lines, f"sweep: {printable(str(folder), 300)}", ""])


class Teller:
    """Progress on standard error: one line written over on a terminal, else a line for each tenth."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.tenth = -1

    def say(self, progress: Progress) -> None:
        passed = time.perf_counter() - progress.began
        text = f"{progress.done}/{progress.of} trainings"
        if progress.best is not None:
            text += f", best {progress.best:.5g}"
        if progress.here:
            rate = progress.here / passed
            left = (progress.of - progress.done) / rate
            text += (
                f", {60 * rate:.1f} a minute, {left / 60:.0f} min left" if left > 90 else f", {left:.0f} s left"
            )
        if progress.waiting:
            text += f"; waiting for {count(progress.waiting, 'trial')} of other workers"
        if self.live:
            sys.stderr.write(f"\r\033[K{text[:100]}")
        elif (tenth := 10 * progress.done // max(progress.of, 1)) != self.tenth:
            self.tenth = tenth
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self.live:
            sys.stderr.write("\r\033[K")


def report(made: Sweep, results: Results, json: bool, markdown: Path | None, plot: Path | None) -> None:
    """Tables or a document, and the parts and pictures that were asked for."""
    sessions, found = made.sessions(), importance(results)
    shown = [tables.best(results)]
    if (by_value := tables.values(results)).rows:
        shown.append(by_value)
    if found is not None:
        shown.append(tables.matters(found))
    if json:
        print_json(_document(made, results, sessions))
    else:
        for table in shown:
            _print(table)
        print("\n".join(_last_lines(made, results, sessions)))
    if markdown is not None:
        parts = {"best": shown[0], "values": by_value, "speed": tables.speed(sessions)}
        if found is not None:
            parts["importance"] = tables.matters(found)
        if (every := tables.pivot(results)) is not None:
            parts["points"] = every
        MARKS.fill(markdown, {name: table.markdown() for name, table in parts.items()})
    if plot is not None:
        from chainrule.cli.sweep_pictures import draw

        for path in draw(results, found, plot):
            sys.stderr.write(f"drawn: {path}\n")


def _print(table: tables.Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1))
    for i, head in enumerate(table.heads):
        made.add_column(Text(printable(head).replace("_", " ")), justify="left" if i < table.left else "right")
    for row in table.rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    console = Console(highlight=False)
    console.print(Text(printable(table.title, 120), style="bold"))
    console.print(made)
    console.print()


def _last_lines(made: Sweep, results: Results, sessions: list[Session]) -> list[str]:
    known = ("done", "pruned", "diverged", "failed", "unfinished")
    states = [f"{results.count(state):,} {state}" for state in known if results.count(state)]
    lines = [f"{count(len(results.outcomes), 'point')}: {', '.join(states)}"]
    failed = [o for o in results.outcomes if o.state == "failed"]
    if failed:
        lines.append(f"the first that failed, point {failed[0].point}: {printable(failed[0].why, 300)}")
    if sessions:
        s = sessions[-1]
        of_all = [f"{100 * part / (s.workers * s.wall):.0f} % {what}" for part, what in
                  ((s.preparing, "data and network"), (s.scoring, "scoring"))]  # fmt: skip
        rest = max(0.0, 100 * (s.lost - (s.preparing + s.scoring) / (s.workers * s.wall)))
        lines.append(
            f"{count(s.trainings, 'training')} in {s.wall:.1f} s by {count(s.workers, 'worker')}: "
            f"{s.a_minute:.1f} a minute; {100 * s.lost:.0f} % of the workers' time was not training "
            f"({', '.join(of_all)}, {rest:.0f} % starting, waiting and writing)"
        )
    if results.best is None:
        return [*lines, "no point was trained to its end, so there is no best"]
    return [
        *lines,
        f"best: {tables.spread(results, results.best)}, on the rows that picked it among "
        f"{len(results.outcomes)}, so a little optimistic",
        f"to train it: chainrule train --config {printable(str(made.folder / BEST), 300)}",
    ]


def _document(made: Sweep, results: Results, sessions: list[Session]) -> dict[str, Any]:
    found = importance(results)
    outcomes = [{**dataclasses.asdict(o), "mean": o.mean, "deviation": o.deviation} for o in results.outcomes]
    return {
        "sweep": str(made.folder),
        "plan": made.plan.plain(),
        "best": outcomes[0] if results.best is not None else None,
        "best_config": str(made.folder / BEST) if results.best is not None else None,
        "points": outcomes,
        "importance": None if found is None else {
            "method": found.method,
            "shares": dict(found.shares),
            "pairs": [{"settings": list(names), "share": share} for names, share in found.pairs.items()],
        },
        "sessions": [{**dataclasses.asdict(s), "a_minute": s.a_minute, "not_training": s.lost} for s in sessions],
    }  # fmt: skip
