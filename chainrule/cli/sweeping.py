"""What ``sweep`` does with its options: the plan, the folder, signals, and what is printed."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.output import print_json, printable
from chainrule.core import files
from chainrule.core.errors import FileError, SettingError
from chainrule.runs import RunConfig
from chainrule.runs.directory import RunDirectory
from chainrule.studies.sweeps import Plan, Progress, Results, Session, Store, Sweep, Workers, importance, tables
from chainrule.studies.sweeps.conduct import BEST, PLAN
from chainrule.studies.sweeps.pruners import PRUNERS
from chainrule.studies.sweeps.searches import SEARCHES
from chainrule.studies.sweeps.space import Space, parse, read, read_toml
from chainrule.studies.text import count

MOST_SPACE = 1_000_000  # bytes


@dataclass(frozen=True)
class Asked:
    """The options as they were given; ``settings`` those of train, as texts."""

    source: str | None
    space: Path | None
    search: str
    trials: int | None
    seeds: int | None
    folds: int | None
    prune: str | None
    score: str | None
    workers: int
    cluster: str | None
    storage: str | None
    study: str | None
    heartbeat: float
    run_dir: Path | None
    plot: Path | None
    markdown: Path | None
    json: bool
    settings: dict[str, str]


def sweep(asked: Asked) -> int:
    """The whole command; returns the exit code."""
    _check_outputs(asked)
    workers = Workers(asked.workers, asked.cluster)
    plan = _plan(asked)
    folder = _folder(asked, plan)
    store = None if asked.storage is None else Store(asked.storage, asked.study or plan.name, asked.heartbeat)
    made = Sweep(plan, folder, workers, store)
    made.begin()
    if not asked.json:
        print(_announcement(plan, made, folder))
    teller = _Teller()
    try:
        with _termination():
            results = made.run(teller.say)
    except KeyboardInterrupt as stop:
        teller.end()
        sys.stderr.write(f"interrupted; to go on: chainrule sweep --run-dir {printable(str(folder), 300)}\n")
        return 143 if str(stop) == "SIGTERM" else 130
    teller.end()
    _report(asked, made, results)
    return 0 if results.best is not None else 1


def _check_outputs(asked: Asked) -> None:
    """Complain about pictures and documents that can't be written before anything is done."""
    if asked.study is not None and asked.storage is None:
        raise SettingError("--study is a name in a --storage; give that too")
    if asked.plot is not None:
        from chainrule.plots import ready

        if not asked.plot.is_dir():
            raise FileError(f"--plot takes a folder; there is none at {asked.plot}")
        ready()
    if asked.markdown is not None:
        from chainrule.cli.marks import check

        check(asked.markdown)


def _plan(asked: Asked) -> Plan:
    """From the options, or from the folder of a sweep that goes on."""
    path = None if asked.run_dir is None else asked.run_dir / PLAN
    if asked.source is None:
        if path is None or not path.is_file():
            raise FileError(f"{asked.run_dir} holds no sweep; begin one there with a SOURCE")
        plan_options = (
            asked.space,
            asked.search,
            asked.trials,
            asked.seeds,
            asked.folds,
            asked.prune,
            asked.score,
        )
        if asked.settings or any(plan_options):
            raise SettingError(f"{asked.run_dir} knows its settings; give them with a SOURCE, or none of them")
        plan = Plan.from_toml(path)
        if different := plan.difference(plan.settled()):
            raise FileError(f"the sweep in {asked.run_dir} can't go on: {different}")
        return plan
    given: dict[str, Any] = {}
    if asked.space is not None:
        given |= read_toml(files.read(asked.space, "a space.toml", MOST_SPACE), str(asked.space))
        fixed, space = read(given, str(asked.space))
    else:
        fixed, space = {}, Space({})
    told = read({name: parse(name, text) for name, text in asked.settings.items()}, "the options")
    parameters = {n: p for n, p in space.parameters.items() if n not in told[0]} | dict(told[1].parameters)
    fixed = {n: v for n, v in fixed.items() if n not in parameters} | told[0]
    if "width" in told[1].parameters or "hidden" in told[1].parameters:
        gone = ("hidden",) if "width" in told[1].parameters else ("width", "depth")
        parameters = {n: p for n, p in parameters.items() if n not in gone}
    name = asked.search or "grid"
    if asked.trials is not None:
        name = {"name": name, "trials": asked.trials}  # type: ignore[assignment]
    return Plan(
        RunConfig(source=asked.source, **fixed),
        Space(parameters),
        SEARCHES.make(name),
        1 if asked.seeds is None else asked.seeds,
        asked.folds or 0,
        None if asked.prune is None else PRUNERS.make(asked.prune),
        asked.score or "",
    ).settled()


def _folder(asked: Asked, plan: Plan) -> Path:
    if asked.run_dir is not None and (asked.run_dir / PLAN).is_file():
        return asked.run_dir
    stem = Path(plan.config.source.partition(":")[0]).stem
    return RunDirectory(asked.run_dir, f"sweep-{stem}").path


@contextmanager
def _termination() -> Iterator[None]:
    """SIGTERM ends a sweep as Ctrl-C does."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt("SIGTERM")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _announcement(plan: Plan, made: Sweep, folder: Path) -> str:
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


class _Teller:
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


def _report(asked: Asked, made: Sweep, results: Results) -> None:
    sessions, found = made.sessions(), importance(results)
    shown = [tables.best(results)]
    if (by_value := tables.values(results)).rows:
        shown.append(by_value)
    if found is not None:
        shown.append(tables.matters(found))
    if asked.json:
        print_json(_document(made, results, sessions))
    else:
        for table in shown:
            _print(table)
        print("\n".join(_last_lines(made, results, sessions)))
    if asked.markdown is not None:
        from chainrule.cli.marks import fill

        parts = {"best": shown[0], "values": by_value, "speed": tables.speed(sessions)}
        if found is not None:
            parts["importance"] = tables.matters(found)
        if (every := tables.pivot(results)) is not None:
            parts["points"] = every
        fill(asked.markdown, {name: table.markdown() for name, table in parts.items()})
    if asked.plot is not None:
        from chainrule.cli.sweep_pictures import draw

        for path in draw(results, found, asked.plot):
            sys.stderr.write(f"drawn: {path}\n")


def _print(table: tables.Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=Text(printable(table.title, 120)), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for i, head in enumerate(table.heads):
        made.add_column(Text(printable(head)), justify="left" if i < table.left else "right")
    for row in table.rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(made)


def _last_lines(made: Sweep, results: Results, sessions: list[Session]) -> list[str]:
    states = [f"{results.count(state):,} {state}" for state in ("done", "pruned", "diverged", "failed")
              if results.count(state)]  # fmt: skip
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
        f"best: {tables.spread(results, results.best)}, picked among {len(results.outcomes)} by these very rows, so "
        "a little too good to be true",
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
