"""Cases and seeds through the doctor, on one process or several."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from chainrule.core.errors import ChainruleError
from chainrule.diagnosis.cases.programs import program_of
from chainrule.diagnosis.cases.reading import Case
from chainrule.diagnosis.cases.scoring import TWIN, Run, Said, Verdict

LONGEST = 300  # characters of a reason


@dataclass(frozen=True)
class Settings:
    """``seeds`` runs of each case; ``budget`` is in seconds for one diagnosis; ``workers`` processes."""

    seeds: int = 5
    prove: bool = True
    budget: float | None = None
    workers: int = 1


def examine(case: Case, seed: int, prove: bool = True, budget: float | None = None) -> Run:
    """One diagnosis. Never raises: a case that cannot be built and a doctor that fails are results."""
    began = time.perf_counter()
    with threadpool_limits(1), np.errstate(all="ignore"):
        try:
            given = program_of(case, seed).arguments() | {"task": TASKS.get(str(case.raw.get("task")))}
        except ChainruleError as problem:
            return Run(seed, not_run=_reason(problem))
        except Exception as problem:  # settings of a kind that nobody foresaw
            return Run(seed, not_run=f"{type(problem).__name__}: {_reason(problem)}")
        try:
            said = tuple(_said(each) for each in diagnosed(given, prove, budget))
            return Run(seed, said, time.perf_counter() - began)
        except Exception as problem:  # the doctor's own; the benchmark goes on
            reason = f"{type(problem).__name__}: {_reason(problem)}"
            return Run(seed, seconds=time.perf_counter() - began, error=reason)


# What a case calls its task, as the doctor is told it; of several labels it sees for itself.
TASKS = {"binary": "classes", "multiclass": "classes", "regression": "values", "autoencoder": "values"}


def diagnosed(given: dict[str, Any], prove: bool, budget: float | None) -> Sequence[Any]:
    """The doctor's findings on a program's arguments."""
    from chainrule.diagnosis import diagnose

    module, X, y = (given.pop(name) for name in ("module", "X", "y"))
    found: Sequence[Any] = diagnose(module, X, y, **given, prove=prove, budget=budget).findings
    return found


def _said(finding: Any) -> Said:
    return Said(finding.fault, finding.severity, finding.root, finding.confirmed, finding.rule)


def _reason(problem: Exception) -> str:
    return " ".join(str(problem).split())[:LONGEST]


def with_twins(cases: Sequence[Case]) -> list[Case]:
    """The cases, then the mended programs of those that have one."""
    return [*cases, *(twin for case in cases if (twin := case.fixed()) is not None)]


def run(
    cases: Sequence[Case], settings: Settings, done: Callable[[int, int], None] | None = None
) -> list[Verdict]:
    """A verdict on every case; ``done`` is told how many diagnoses of how many there are."""
    jobs = [(case, seed) for case in cases for seed in range(settings.seeds)]
    runs: list[Run] = []
    for outcome in _outcomes(jobs, settings):
        runs.append(outcome)
        if done is not None:
            done(len(runs), len(jobs))
    size = settings.seeds
    return [verdict(case, runs[i * size : (i + 1) * size]) for i, case in enumerate(cases)]


def verdict(case: Case, runs: Sequence[Run]) -> Verdict:
    """What came of a case."""
    return Verdict(case.id, TWIN if case.twin else case.tier, case.faults, tuple(runs), case.group)


def _outcomes(jobs: Sequence[tuple[Case, int]], settings: Settings) -> Iterator[Run]:
    work = partial(_job, prove=settings.prove, budget=settings.budget)
    if settings.workers == 1:
        yield from map(work, jobs)
        return
    # Started afresh, so that no thread of a library is caught in a copy of the process
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(settings.workers, mp_context=context) as pool:
        yield from pool.map(work, jobs)


def _job(job: tuple[Case, int], prove: bool, budget: float | None) -> Run:
    return examine(*job, prove, budget)
