"""Accuracies as the programs of the cases compute them, rightly and wrongly.  outputs (n, k), targets as fed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from chainrule.core.settings import nearest
from chainrule.core.types import Array
from chainrule.diagnosis.cases.reading import Case, NotRunError

Metric = Callable[[Array, Array], float]


def accuracy(outputs: Array, targets: Array) -> float:
    """The share of right answers: the largest output, or one that is above 1/2."""
    if outputs.shape[-1] == 1:
        return float((np.asarray(outputs > 0.5) == np.asarray(targets.reshape(outputs.shape) > 0.5)).mean())
    truth = targets.argmax(axis=1) if targets.shape == outputs.shape else targets.reshape(-1)
    return float((outputs.argmax(axis=1) == truth).mean())


def half_of_logits(outputs: Array, targets: Array) -> float:
    """Logits against 1/2, where 0 would be right."""
    return float(((outputs > 0.5) == (targets.reshape(outputs.shape) > 0.5)).mean())


def argmax_of_one_column(outputs: Array, targets: Array) -> float:
    """The place of the largest of one output, which is always 0."""
    return float((outputs[:, :1].argmax(axis=1) == targets.reshape(len(outputs), -1)[:, 0]).mean())


def exact(outputs: Array, targets: Array) -> float:
    """Outputs that are the label itself, to the last bit."""
    return float((outputs == targets.reshape(outputs.shape)).mean())


METRICS: Mapping[str, Metric] = {
    "accuracy": accuracy, "half_of_logits": half_of_logits, "argmax_of_one_column": argmax_of_one_column,
    "exact": exact,
}  # fmt: skip
_WORDS = (
    (r"logits?\b.*\b0?\.5\b", "half_of_logits"),
    (r"argmax\b.*\bone column", "argmax_of_one_column"),
    (r"exact\w*\b.*\baccuracy|accuracy\b.*\bexact", "exact"),
)


def metric_of(case: Case) -> Metric | None:
    """The case's own metric: by its name, else by what its title and its words say of a wrong one; else None."""
    name = case.raw.get("metric")
    if case.twin or name:
        if name and name not in METRICS:
            raise NotRunError(f"unknown metric {name!r:.60}.{nearest(str(name), METRICS)}")
        return METRICS[str(name)] if name else None
    question = case.raw.get("question") or {}
    text = f"{question.get('title') or ''} {case.prose}".lower()
    return next((METRICS[name] for words, name in _WORDS if re.search(words, text)), None)
