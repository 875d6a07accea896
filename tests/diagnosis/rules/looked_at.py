"""Evidence of a program that is looked at and not trained: what came of training is told."""

from __future__ import annotations

import itertools

import numpy as np

import chainrule.autograd as ag
from chainrule.diagnosis.baseline import constant_loss, perfect_loss
from chainrule.diagnosis.data_facts import data_facts
from chainrule.diagnosis.evidence import Evidence, Score
from chainrule.diagnosis.libraries import lenient
from chainrule.diagnosis.loss_facts import loss_facts
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.start_facts import _stretched
from chainrule.diagnosis.tasks import task_of

nn = ag.nn


class Loss:
    """A loss that says what it is, as those of other frameworks are wrapped."""

    reduction = "mean"

    def __init__(self, name, kind, takes, formula):
        self.__name__, self.kind, self.takes, self.formula = name, kind, takes, formula

    def __call__(self, outputs, targets):
        return self.formula(outputs, targets)


CROSS_ENTROPY_OF_SHARES = Loss(
    "cross_entropy_of_shares", "cross_entropy", "probabilities",
    lambda p, t: -(t * p.clamp(1e-7, 1).log()).sum(dim=1).mean(),
)  # fmt: skip
POISSON = Loss("poisson", "poisson", "values", lambda p, t: (p - t * (p + 1e-7).log()).mean())


def network(*widths, last=None, hidden=nn.ReLU):
    """Dense layers of these widths, a hidden activation between, ``last`` after them."""
    ag.manual_seed(0)
    parts = []
    for d_in, d_out in itertools.pairwise(widths):
        parts += [nn.Linear(d_in, d_out), *([hidden()] if hidden else [])]
    parts = parts[:-1] if hidden else parts
    return nn.Sequential(*parts, *([last] if last is not None else []))


def evidence_of(module, X, y, loss, *, skill=0.0, optimizer=None, told=None, by_loss=True, **settings):
    """What the doctor knows before training, and that training reached this skill; below 0.1 the program is ill."""
    optimizer = optimizer or ag.optim.Adam(module.parameters(), lr=0.01)
    program = Program(module, np.asarray(X, np.float32), np.asarray(y), loss, optimizer, told=told, **settings)
    task = task_of(program.X, program.y, told)
    running = program.start()
    probe = program.some(512)
    look = running.look(probe[0])
    facts = loss_facts(loss, program.loss_of, look.output, probe[1])
    if told is None and facts.about_classes:
        task = task_of(program.X, program.y, None, "classes")
    data = data_facts(program.X, program.y, task, program.validation)
    evidence = Evidence(program, task, facts, data, probe, look)
    width = look.output.reshape(len(look.output), -1).shape[1]
    with lenient():
        evidence.constant = constant_loss(program, task, facts, width, probe)
        evidence.perfect = perfect_loss(program, task, facts, width, probe)
    evidence.start.shapes = (look.output.shape, probe[1].shape)
    evidence.start.stretched = _stretched(program, look.output, probe[1])
    evidence.train, evidence.steps_run = Score(float("nan"), skill), 100
    return evidence


def said(rule, *given, **settings):
    """What a rule says: the severities of its findings."""
    evidence = given[0] if isinstance(given[0], Evidence) else evidence_of(*given, **settings)
    return [finding.severity for finding in RULES[rule]().check(evidence)]
