"""Examine a training program: measure, let it train as written, ask every rule, prove the remedies."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.types import Array
from chainrule.diagnosis.baseline import constant_loss, perfect_loss
from chainrule.diagnosis.data_facts import data_facts
from chainrule.diagnosis.evidence import Evidence, Score
from chainrule.diagnosis.experiments import (
    free_of_regularization,
    own_network,
    plain_network,
    shuffled_labels,
    weights,
)
from chainrule.diagnosis.libraries import array, lenient
from chainrule.diagnosis.loss_facts import LossFacts, loss_facts
from chainrule.diagnosis.networks import program_of_network
from chainrule.diagnosis.program import Pair, Program, Running
from chainrule.diagnosis.proof import prove as proved
from chainrule.diagnosis.record import Epoch, ModuleWatcher, Record
from chainrule.diagnosis.reliability import reliability
from chainrule.diagnosis.report import Report
from chainrule.diagnosis.start_facts import late_lines, start_facts
from chainrule.diagnosis.tasks import Task, recalls, right_answers, skill, task_of
from chainrule.diagnosis.verdict import verdict
from chainrule.network import Network

PROBE = 512  # rows looked at
SCORED = 2000  # rows whose loss and skill are taken after each epoch


def examine(program: Program, *, budget: float | None = None) -> Evidence:
    """Everything the rules need: the program trains once, as written, for at most ``budget`` seconds."""
    evidence = begun(program)
    if evidence.problem is None:
        running, rows = program.start(), program.some(SCORED)
        _train(evidence, running, rows, budget)
        _experiment(evidence, running, rows)
    return evidence


def begun(program: Program) -> Evidence:
    """What is known before the first epoch."""
    X, y = program.X, program.y
    task = task_of(X, y, program.told)
    facts = data_facts(X, y, task, program.validation)
    evidence = Evidence(program, task, LossFacts("unknown"), facts, program.some(PROBE))
    try:
        evidence.look = program.start().look(evidence.probe[0])  # a copy that stays: a look's weights are live
        output = evidence.look.output
        evidence.loss = loss_facts(program.loss, program.loss_of, output, evidence.probe[1])
    except Exception as problem:  # the user's program: whatever it raises is a finding
        evidence.problem = problem
        return evidence
    if program.told is None and evidence.loss.about_classes:
        evidence.task = task = task_of(X, y, None, "classes")
    width = output.shape[1] if output.ndim > 1 else 1
    rows = program.some(SCORED)
    evidence.constant = constant_loss(program, task, evidence.loss, width, rows)
    evidence.perfect = perfect_loss(program, task, evidence.loss, width, rows)
    evidence.start = start_facts(program, task, cut_of(evidence))
    return evidence


def from_record(program: Program, record: Record, running: Running) -> Report:
    """A report on a training that ran elsewhere: the start is measured on copies, the rest is its record."""
    began = time.perf_counter()
    evidence = begun(program)
    evidence.record = record
    evidence.steps_run, evidence.epochs_run = running.t, running.epoch
    if evidence.problem is None:
        rows = program.some(SCORED)
        evidence.train = _score(running, evidence.task, cut_of(evidence), rows)
        if program.validation is not None:
            evidence.validation = _score(running, evidence.task, cut_of(evidence), program.validation)
            _judge(evidence, (running.outputs_of(program.validation[0]), program.validation[1]))
        evidence.end = running.look(evidence.probe[0])
        evidence.plain = plain_network(program, evidence.task)
    return Report(verdict(evidence), evidence, time.perf_counter() - began)


def _experiment(evidence: Evidence, running: Running, rows: tuple[Array, Array]) -> None:
    """What the data allow, and what holds the program back, where that is not plain already."""
    program, task, cut = evidence.program, evidence.task, cut_of(evidence)
    evidence.plain = plain_network(program, task)
    if evidence.problem is not None or not evidence.steps_run:
        return
    if np.isfinite(evidence.train.loss):
        evidence.late = late_lines(running)
    with lenient():
        outputs = running.outputs_of(rows[0], training=True)
        evidence.training_mode = skill(task, outputs, rows[1], cut)
    if program.validation is None and evidence.train.skill > 0.5 and weights(program) > program.rows // 2:
        evidence.own = own_network(program, task, cut)
        _judge(evidence, evidence.own.answers)
    if evidence.by_heart:
        evidence.shuffled = shuffled_labels(program, evidence.constant)
    free = free_of_regularization(program) if evidence.train.skill < 0.9 else None
    if free is not None:
        bare = free.start().train()
        if bare.problem is None:
            evidence.free = skill(task, bare.outputs_of(rows[0]), rows[1], cut)


def _judge(evidence: Evidence, answers: Pair | None) -> None:
    """How far the probabilities of rows held out can be trusted."""
    if answers is not None:
        evidence.reliability = reliability(evidence.task, evidence.loss, evidence.output, answers)


def cut_of(evidence: Evidence) -> float:
    """The output from which one means yes."""
    signs = evidence.task.kind == "yes_no" and evidence.data.y_low < 0
    logits = evidence.loss.takes == "logits" and evidence.output is None
    return 0.0 if signs or logits else 0.5


def _train(evidence: Evidence, running: Running, rows: tuple[Array, Array], budget: float | None) -> None:
    program, cut = evidence.program, cut_of(evidence)

    def score(of: Running) -> Epoch:
        train = _score(of, evidence.task, cut, rows)
        found = Epoch(of.epoch, train.loss, train.skill)
        if program.validation is not None:
            held = _score(of, evidence.task, cut, program.validation)
            found.validation_loss, found.validation_skill = held.loss, held.skill
        if program.metric is not None:
            found.metric = float(program.metric(of.outputs_of(rows[0]), rows[1]))
        return found

    watcher = ModuleWatcher(evidence.record, evidence.probe[0], _every(program), score)
    until = None if budget is None else time.perf_counter() + budget
    running.train(watcher, until=until)
    evidence.problem, evidence.problem_step = running.problem, running.t
    evidence.steps_run, evidence.epochs_run, evidence.cut_short = running.t, running.epoch, running.stopped
    if evidence.problem is None:
        evidence.train = _score(running, evidence.task, cut, rows)
        outputs = running.outputs_of(rows[0])
        evidence.right = right_answers(evidence.task, outputs, rows[1], cut)
        evidence.recall = recalls(evidence.task, outputs, rows[1], cut)
        if program.validation is not None:
            evidence.validation = _score(running, evidence.task, cut, program.validation)
            _judge(evidence, (running.outputs_of(program.validation[0]), program.validation[1]))
        evidence.end = running.look(evidence.probe[0])


def _every(program: Program) -> int:
    """Steps between samples: ten, fewer where there are few steps, more where there are very many."""
    steps = program.epochs * program.steps_an_epoch
    return int(np.clip(steps // 100, 1, 10)) if steps < 5000 else steps // 500


def _score(running: Running, task: Task, cut: float, rows: tuple[Array, Array]) -> Score:
    with lenient():
        outputs = running.outputs_of(rows[0])
        try:
            loss = running.program.loss_of(outputs, rows[1])
        except Exception:  # a loss that fails in training is told of there
            loss = float("nan")
    return Score(loss, skill(task, outputs, rows[1], cut))


def diagnose(
    subject: Any,
    X: Any,
    y: Any,
    *,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int = 32,
    epochs: int = 10,
    validation: Any = None,
    task: str | None = None,
    prove: bool = True,
    budget: float | None = None,
    **settings: Any,
) -> Report:
    """Findings about a training program, worst and earliest cause first, with evidence and proved remedies.

    ``subject`` is a chainrule Network, whose loss and optimizer are those of ``fit``; or a Module of
    chainrule.autograd or torch with ``loss(outputs, targets)`` as it is written and an optimizer over its
    parameters. Nothing given is changed: copies train. ``task``, "classes" or "values", says what the target is
    where that can't be read off it. The settings are the other fields of ``Program``: shuffle, zero_grad,
    schedule, before_epoch, metric, seed.

    The program trains once as written, for at most ``budget`` seconds; with ``prove`` the remedies of what was
    found are run as rivals of it, for at most as long again. Raises InputError and SettingError for what is no
    program.
    """
    began = time.perf_counter()
    if isinstance(subject, Network):
        given = {} if optimizer is None else {"optimizer": optimizer}
        program = program_of_network(
            subject, X, y, loss=loss, batch_size=min(batch_size, len(y)), epochs=epochs, validation=validation,
            **given, **settings,
        )  # fmt: skip
    else:
        if loss is None or optimizer is None:
            raise SettingError(
                "a module is examined with its loss and optimizer, as loss=nn.MSELoss(), "
                "optimizer=optim.SGD(module.parameters(), lr=0.1)"
            )
        held = None if validation is None else (array(validation[0]), array(validation[1]))
        program = Program(
            subject, array(X), array(y), loss=loss, optimizer=optimizer, batch_size=batch_size, epochs=epochs,
            validation=held, told=task, **settings,
        )  # fmt: skip
    evidence = examine(program, budget=budget)
    findings = verdict(evidence)
    if prove:
        proved(evidence, findings, cut_of(evidence), budget)
    return Report(findings, evidence, time.perf_counter() - began)
