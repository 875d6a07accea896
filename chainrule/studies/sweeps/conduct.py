"""A sweep from its first training to its last, going on from whatever is done already."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chainrule.core import files
from chainrule.core.errors import FileError, SettingError
from chainrule.core.files import json_ready
from chainrule.runs.environment import environment
from chainrule.studies.sweeps import storage
from chainrule.studies.sweeps.ledger import Ledger, append
from chainrule.studies.sweeps.plan import Plan
from chainrule.studies.sweeps.results import Results
from chainrule.studies.sweeps.storage import Store
from chainrule.studies.sweeps.taking import work
from chainrule.studies.sweeps.trial import Job, Record, run
from chainrule.studies.sweeps.workers import Workers

PLAN, TRIALS, SESSIONS, BEST, STUDY = "sweep.toml", "trials.jsonl", "sessions.jsonl", "best.toml", "study.db"
Say = Callable[["Progress"], None]


@dataclass
class Progress:
    """Trainings done of those there are, as far as is known; ``waiting`` for what other workers have begun."""

    done: int
    of: int
    began: float
    here: int = 0
    best: float | None = None
    waiting: int = 0


@dataclass(frozen=True)
class Session:
    """One call of the command: wall seconds, trainings done in it, and what the workers' time went to."""

    workers: int
    trainings: int
    wall: float
    preparing: float
    training: float
    scoring: float

    @property
    def a_minute(self) -> float:
        return 60 * self.trainings / self.wall if self.wall else 0.0

    @property
    def lost(self) -> float:
        """The share of the workers' time that was not training."""
        return max(0.0, 1 - self.training / (self.workers * self.wall)) if self.wall else 0.0


def possible(plan: Plan, workers: Workers, store: Store | None) -> None:
    """Refuse what contradicts itself, and say which library is missing, before anything is written."""
    workers.check()
    if store is not None or plan.search.learns:
        storage.check()
    if store is not None and plan.prune is not None and plan.prune.in_step:
        raise SettingError(
            f"{plan.prune.name} needs all runs of a rung in one hand; leave out --storage, or --prune"
        )
    if store is None and plan.search.learns and workers.cluster is not None:
        raise SettingError(
            f"{plan.search.name} on a cluster needs a --storage that all its workers reach, "
            "as postgresql://USER@HOST/DATABASE"
        )


class Sweep:
    """``plan`` is settled; ``folder`` holds what is written. ``store`` None keeps trials in the folder."""

    def __init__(self, plan: Plan, folder: Path, workers: Workers, store: Store | None = None) -> None:
        self.plan, self.folder, self.workers = plan, folder, workers
        self.shared = store is not None
        possible(plan, workers, store)
        if plan.search.learns and store is None:
            store = Store(f"sqlite:///{(folder / STUDY).resolve()}", plan.name)
        self.store = store

    def begin(self) -> None:
        """Write what is known before the first training; refuse a folder of another sweep."""
        path = self.folder / PLAN
        if path.exists():
            if different := Plan.from_toml(path).difference(self.plan):
                raise FileError(f"{self.folder} holds another sweep: {different}; name another --run-dir")
            return
        files.write_whole(path, self.plan.to_toml().encode())
        text = json.dumps(environment(), indent=2, sort_keys=True)
        files.write_whole(self.folder / "environment.json", f"{text}\n".encode())

    def run(self, say: Say = lambda progress: None) -> Results:
        """Do what is not done yet. Interrupted, it keeps every training that has ended."""
        records: list[Record] = []
        number = self.workers.count()  # and a scheduler that does not answer is found out now
        started = time.perf_counter()
        ledger = Ledger(self.folder / TRIALS)
        try:
            with ledger.writing() as file:
                if self.store is None:
                    self._climb(ledger, file, records, say)
                else:
                    self._empty_queue(self.store, records, say)
        finally:
            self._end(records, number, time.perf_counter() - started)
        return self.results()

    def results(self) -> Results:
        """What is known by now; best.toml is that of the best."""
        results = Results.of(self.plan, Ledger(self.folder / TRIALS).read())
        config = results.best_config()
        if config is not None:
            files.write_whole(self.folder / BEST, config.to_toml().encode())
        return results

    def sessions(self) -> list[Session]:
        """Those of every call of the command on this folder."""
        path = self.folder / SESSIONS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [Session(**json.loads(line)) for line in lines]

    def _climb(self, ledger: Ledger, file: Any, records: list[Record], say: Say) -> None:
        """Rung by rung; without pruning there is one."""
        plan = self.plan
        points = plan.points()
        assert points is not None
        # a training that failed is tried again, one that diverged would diverge again
        done = {_key(r): r for r in ledger.read() if r["state"] != "failed"}
        alive = list(range(len(points)))
        rungs = plan.prune.rungs() if plan.prune is not None else [1.0]
        began = time.perf_counter()
        for rung, share in enumerate(rungs):
            jobs = [job for i in alive for job in plan.jobs(i, points[i], rung, share)]
            # neighbors share seed and fold, and so the split that a worker keeps
            jobs.sort(key=lambda job: (job.config.seed, job.fold or 0, job.point))
            todo = [job for job in jobs if job.key not in done]
            progress = Progress(len(jobs) - len(todo), len(jobs), began, best=self._best(done.values()))
            say(progress)
            for record in self.workers.run(run, todo):
                append(file, record)
                records.append(record)
                done[_key(record)] = record
                progress.done += 1
                progress.here += 1
                progress.best = self._better(progress.best, record)
                say(progress)
            if plan.prune is not None and rung + 1 < len(rungs):
                alive = self._survivors(jobs, done)

    def _survivors(self, jobs: list[Job], done: dict[Any, Record]) -> list[int]:
        """The points that go on from a rung; of equal ones the first."""
        assert self.plan.prune is not None
        results = Results.of(self.plan, [done[job.key] for job in jobs if job.key in done])
        ranked = [outcome.point for outcome in results.outcomes if outcome.scores]
        points = len({job.point for job in jobs})
        return sorted(ranked[: self.plan.prune.survivors(points)])

    def _empty_queue(self, store: Store, records: list[Record], say: Say) -> None:
        plan = self.plan
        storage.join(store, plan, alone=not self.shared)
        points = plan.points()
        total = (plan.search.trials if points is None else len(points)) * plan.seeds * max(plan.folds, 1)
        known = storage.records(store, plan)
        progress = Progress(len(known), total, time.perf_counter(), best=self._best(known))
        while True:
            waiting, running = storage.settle(store, plan)
            progress.waiting = 0 if waiting else running
            say(progress)
            if not waiting and not running:
                return
            if not waiting:
                time.sleep(min(1.0, store.heartbeat / 4))
            for found in self.workers.run(work, [(store, plan)] * waiting):
                records.extend(found)
                progress.done += len(found)
                progress.here += len(found)
                for record in found:
                    progress.best = self._better(progress.best, record)
                say(progress)

    def _end(self, records: list[Record], workers: int, wall: float) -> None:
        """Write what this call did, and of a storage what everybody did."""
        if self.store is not None:
            lines = [
                json.dumps(json_ready(r), allow_nan=False) + "\n" for r in storage.records(self.store, self.plan)
            ]
            files.write_whole(self.folder / TRIALS, "".join(lines).encode())
        if not records:
            return
        sums = {k: sum(r["seconds"][k] for r in records) for k in ("preparing", "training", "scoring")}
        session = Session(workers, len(records), wall, **sums)
        with (self.folder / SESSIONS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(session)) + "\n")

    def _best(self, records: Iterable[Record]) -> float | None:
        best: float | None = None
        for record in records:
            best = self._better(best, record)
        return best

    def _better(self, best: float | None, record: Record) -> float | None:
        score = record["score"]
        if score is None or best is None:
            return best if score is None else float(score)
        return min(best, float(score)) if self.plan.lower_is_better else max(best, float(score))


def _key(record: Record) -> tuple[Any, ...]:
    return record["point"], record["seed"], record["fold"], record["rung"]
