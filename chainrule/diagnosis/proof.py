"""Proof of a remedy: the program as written and its rivals run from the same starts, and are compared by skill."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.diagnosis.changes import CannotApply, Change, Epochs, LearningRate, Optimizer, Together
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.experiments import STEPS
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.libraries import lenient
from chainrule.diagnosis.loss_facts import name_of
from chainrule.diagnosis.program import Program, Running
from chainrule.diagnosis.sight import ModuleSight
from chainrule.diagnosis.tasks import Task, skill, task_of

SEEDS = (0, 1, 2)
GAIN = 0.1  # of skill, at least
HALF = 0.5  # or at most this share of what was missing is missing still
POINTS = 20  # of a curve
GOOD = 0.9  # of skill: no other rival need run
MOST = 20_000  # steps of a rival
TIMES, LEAST = 10, 10.0  # how long all rivals may take: trainings of the program, seconds


@dataclass
class Rival:
    """One change, run: ``skills`` at the end by seed, ``curves`` of skill over the training, steps from 1."""

    change: str
    skills: list[float]
    curve: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    problem: str = ""
    of: Change | None = None

    @property
    def skill(self) -> float:
        return float(np.median(self.skills)) if self.skills else float("-inf")


@dataclass
class Proof:
    """``before`` is the program as written, ``rivals`` in the order they were named."""

    before: Rival
    rivals: list[Rival]

    @property
    def best(self) -> Rival | None:
        return max(self.rivals, key=lambda rival: rival.skill, default=None)

    @property
    def confirmed(self) -> bool:
        best = self.best
        return best is not None and better(best.skill, self.before.skill)

    def document(self) -> dict[str, Any]:
        def plain(rival: Rival) -> dict[str, Any]:
            return {"change": rival.change, "skill": rival.skill, "skills": rival.skills, "curve": rival.curve}

        return {
            "before": plain(self.before),
            "rivals": [plain(r) for r in self.rivals],
            "confirmed": self.confirmed,
        }


def better(skill: float, before: float) -> bool:
    """Whether the gain is one nobody would call noise."""
    before = max(before, 0.0)  # worse than a constant is no better a start
    return skill - before >= GAIN or (skill > 0.5 and 1 - skill <= HALF * (1 - before) and skill - before >= 0.02)


def prove(evidence: Evidence, findings: list[Finding], cut: float, budget: float | None = None) -> None:
    """Run the changes that root findings name, and write the proof into each finding.

    A rival that doesn't beat the program on the first seed is not run on the others. Without ``budget``, in
    seconds, the rivals may take as long as ``TIMES`` trainings of the program, and at least ``LEAST`` seconds.
    """
    roots = [f for f in findings if f.root and f.severity != "INFO" and f.changes]
    if not roots:
        return
    before = _run(evidence.program, evidence.task, cut, "as written", None, float("inf"))
    until = time.perf_counter() + (max(LEAST, TIMES * before.seconds / len(SEEDS)) if budget is None else budget)
    runs: dict[Change, Rival | None] = {}
    for finding in roots:
        rivals = []
        for change in finding.changes:
            if change not in runs and time.perf_counter() < until:
                runs[change] = _rival(evidence.program, evidence.task, change, before, until)
            rival = runs.get(change)
            if rival is not None:
                rivals.append(rival)
            if rival is not None and rival.skill > GOOD and better(rival.skill, before.skill):
                break  # as good as it gets: the other rivals need not run
        if not any(better(rival.skill, before.skill) for rival in rivals) and time.perf_counter() < until:
            rivals += _joined(evidence, finding, findings, before, until, runs)
        if rivals:
            finding.proof = Proof(before, rivals)


def _joined(
    evidence: Evidence,
    finding: Finding,
    findings: list[Finding],
    before: Rival,
    until: float,
    runs: dict[Change, Rival | None],
) -> list[Rival]:
    """Where no change helps alone: this finding's first with the first of every other; then with a faster
    optimizer; then also with as many steps as a plain network is given, where the program takes fewer."""
    kinds: dict[type, Change] = {}
    for other in (finding, *(each for each in findings if each is not finding and each.severity != "INFO")):
        for change in other.changes[:1]:
            kinds.setdefault(type(change), change)
    found = []
    program, fast = evidence.program, Optimizer("Adam", 3e-3)
    more = Epochs(math.ceil(STEPS / max(1, program.epochs * program.steps_an_epoch)))
    for extra in ((), (fast,), (fast, more))[: 2 + (more.times > 1)]:
        replaced = {type(change) for change in extra} | ({LearningRate} if extra else set())
        parts = [change for kind, change in kinds.items() if kind not in replaced]
        together = Together((*parts, *extra))
        if len(together.parts) > 1 and together not in runs and time.perf_counter() < until:
            runs[together] = _rival(evidence.program, evidence.task, together, before, until)
        rival = runs.get(together)
        if rival is not None:
            found.append(rival)
            if better(rival.skill, before.skill):
                break
    return found


def _rival(program: Program, task: Task, change: Change, before: Rival, until: float) -> Rival | None:
    try:
        with lenient():
            changed = change.apply(program, task)
    except CannotApply:
        return None
    task = task_of(changed.X, changed.y, changed.told or ("classes" if task.decides else "values"))
    rival = _run(changed, task, None, str(change), before, until)
    rival.of = change
    return rival


def _run(program: Program, task: Task, cut: float | None, name: str, before: Rival | None, until: float) -> Rival:
    rival, began = Rival(name, []), time.perf_counter()
    if cut is None:
        cut = _cut(program, task)
    rows = program.some(1000)
    for seed in SEEDS:
        running = program.start(seed)
        curve = _Curve(task, cut, rows, max(1, program.epochs // POINTS))
        running.train(curve, until=until, most=MOST)
        if running.problem is not None:
            rival.problem = str(running.problem)
        skilled = skill(task, running.outputs_of(rows[0]), rows[1], cut) if running.problem is None else -np.inf
        rival.skills.append(float(skilled))
        rival.curve = rival.curve or curve.points
        if before is not None and not better(rival.skills[0], before.skills[0]):
            break
    rival.seconds = time.perf_counter() - began
    return rival


def _cut(program: Program, task: Task) -> float:
    """The output from which one means yes, in a program that was changed."""
    takes = getattr(program.loss, "takes", None) or name_of(program.loss).lower()
    bare = ModuleSight(program.module).look(program.X[:2]).last.activation is None
    signs = task.kind == "yes_no" and float(np.min(program.y)) < 0
    return 0.0 if signs or (bare and "logits" in takes) else 0.5


class _Curve:
    """Skill after every so many epochs."""

    def __init__(self, task: Task, cut: float, rows: tuple[Any, Any], every: int) -> None:
        self._task, self._cut, self._rows, self._every = task, cut, rows, every
        self.points: list[tuple[int, float]] = []

    def before_update(self, running: Running) -> None: ...

    def after_update(self, running: Running) -> None: ...

    def epoch_end(self, running: Running) -> None:
        if running.epoch % self._every == 0:
            X, y = self._rows
            self.points.append((running.t, skill(self._task, running.outputs_of(X), y, self._cut)))
