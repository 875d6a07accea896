"""What ``sweep`` does with its options: the plan, the folder, signals, and what is printed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.output import printable
from chainrule.cli.sweep_output import MARKS, Teller, announcement, report
from chainrule.core import files
from chainrule.core.errors import FileError, SettingError
from chainrule.runs import RunConfig
from chainrule.runs.directory import RunDirectory
from chainrule.studies.sweeps import Plan, Store, Sweep, Workers
from chainrule.studies.sweeps.conduct import PLAN, possible
from chainrule.studies.sweeps.pruners import PRUNERS
from chainrule.studies.sweeps.searches import SEARCHES
from chainrule.studies.sweeps.space import Space, parse, read, read_toml

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
    store = None if asked.storage is None else Store(asked.storage, asked.study or plan.name, asked.heartbeat)
    possible(plan, workers, store)
    folder = _folder(asked, plan)
    made = Sweep(plan, folder, workers, store)
    made.begin()
    if not asked.json:
        print(announcement(plan, made, folder))
    teller = Teller()
    try:
        with _termination():
            results = made.run(teller.say)
    except KeyboardInterrupt as stop:
        teller.end()
        sys.stderr.write(f"interrupted; to go on: chainrule sweep --run-dir {printable(str(folder), 300)}\n")
        return 143 if str(stop) == "SIGTERM" else 130
    teller.end()
    report(made, results, asked.json, asked.markdown, asked.plot)
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
        MARKS.check(asked.markdown)


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
