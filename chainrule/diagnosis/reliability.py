"""Whether probabilities mean what they say, on rows that were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.errors import ChainruleError
from chainrule.core.types import Array
from chainrule.diagnosis.loss_facts import LossFacts
from chainrule.diagnosis.program import Pair
from chainrule.diagnosis.tasks import Task
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.training.calibrating import best_temperature

SMALL = 1e-12


@dataclass(frozen=True)
class Reliability:
    """``confidence`` is the mean probability of the answers, ``right`` the share of them that are right.

    ``log_loss`` is that of the probabilities, ``shares`` that of a constant that knows the classes' shares.
    ``error`` is the expected calibration error. ``temperature`` makes the log loss least; ``after`` is the log
    loss of each half of the rows with the temperature of the other half.
    """

    rows: int
    confidence: float
    right: float
    error: float
    log_loss: float
    shares: float
    temperature: float
    after: float


def reliability(task: Task, loss: LossFacts, output: str | None, answers: Pair) -> Reliability | None:
    """Of ``answers``, outputs and their targets; None where they are no probabilities of one class a row."""
    outputs, y = answers
    truth = _truth(task, y)
    z = _logits(loss, output, outputs)
    if truth is None or z is None or len(truth) < 2 or truth.max() >= z.shape[1] or not np.isfinite(z).all():
        return None
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    counts = np.bincount(truth)
    counts = counts[counts > 0]
    even = np.arange(len(truth)) % 2 == 0
    try:
        halves = [_log_loss(z[a] / _best(z[b], truth[b]), truth[a]) for a, b in ((even, ~even), (~even, even))]
        temperature, after = _best(z, truth), float(np.mean(halves))
    except ChainruleError:  # all right, or no better than chance: no temperature is best
        temperature = after = float("nan")
    return Reliability(
        rows=len(truth),
        confidence=float(p.max(axis=1).mean()),
        right=float((z.argmax(axis=1) == truth).mean()),
        error=float(METRICS.make("calibration_error")(truth, p)),
        log_loss=_log_loss(z, truth),
        shares=float(-(counts / len(truth) * np.log(counts / len(truth))).sum()),
        temperature=temperature,
        after=after,
    )


def _best(z: Array, truth: Array) -> float:
    return best_temperature(LOSSES.make("cross_entropy"), z, truth)


def _log_loss(z: Array, truth: Array) -> float:
    return float(LOSSES.make("cross_entropy").value_and_gradient(z, truth)[0])


def _truth(task: Task, y: Array) -> Array | None:
    """The class of each row, from 0."""
    real = np.asarray(y).reshape(len(y), -1)
    if task.kind == "yes_no":
        return (real[:, 0] > 0).astype(np.int64)
    if task.kind != "classes" or task.form == "soft":
        return None
    found = real.argmax(axis=1) if task.form != "index" else real[:, 0]
    return found.astype(np.int64) if found.min(initial=0) >= 0 else None


def _logits(loss: LossFacts, output: str | None, outputs: Array) -> Array | None:
    """(n, k) whose softmax are the probabilities; None where the outputs are none."""
    if not loss.about_classes:
        return None
    out = np.asarray(outputs, np.float64).reshape(len(outputs), -1)
    takes = {"softmax": "probabilities", "sigmoid": "probabilities", None: loss.takes}.get(output, loss.takes)
    one = out.shape[1] == 1
    if takes == "probabilities":
        if (
            out.min(initial=0) < 0
            or out.max(initial=0) > 1
            or not (one or np.allclose(out.sum(axis=1), 1, atol=1e-3))
        ):
            return None
        inside = np.clip(out, SMALL, 1.0)
        out = np.log(inside) - (np.log(np.clip(1 - out, SMALL, 1.0)) if one else 0)
    elif one and takes != "logits":
        return None
    return np.hstack([np.zeros_like(out), out]) if one else out
