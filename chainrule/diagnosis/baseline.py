"""The best constant prediction: what a network that ignores its input could do at most, under the loss as
written."""

from __future__ import annotations

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.loss_facts import LossFacts
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.tasks import Task

SMALL = 1e-7


def constant_loss(program: Program, task: Task, loss: LossFacts, width: int, X_y: tuple[Array, Array]) -> float:
    """The loss of that prediction on these rows; NaN where the loss can't be asked."""
    _, y = X_y
    best = np.inf
    for constant in _candidates(task, loss, width, y):
        outputs = np.broadcast_to(constant.astype(np.float32), (len(y), width))
        try:
            value = program.loss_of(outputs, y)
        except Exception:  # the loss refuses these shapes, which is another rule's matter
            return float("nan")
        if np.isfinite(value):
            best = min(best, value)
    return float(best) if np.isfinite(best) else float("nan")


def perfect_loss(program: Program, task: Task, loss: LossFacts, width: int, X_y: tuple[Array, Array]) -> float:
    """The loss of predictions that are the targets themselves, as sure as ``SMALL`` allows; NaN where there are
    none.

    A loss of signs or distances that is not least there has its sign wrong, or its arguments in the wrong order.
    """
    _, y = X_y
    real = np.asarray(y, np.float64).reshape(len(y), -1)
    if task.kind == "classes" and task.form == "index" and width > 1:
        if real.min() < 0 or real.max() >= width:
            return float("nan")
        real = np.eye(width)[real[:, 0].astype(int)]
    if real.shape[1] != width:
        return float("nan")
    sure = np.clip(real, SMALL, 1 - SMALL)
    if loss.takes == "logits":
        outputs = np.log(sure / (1 - sure))
    else:
        outputs = {"probabilities": sure, "log_probabilities": np.log(sure)}.get(loss.takes, real)
    try:
        return program.loss_of(outputs.astype(np.float32), y)
    except Exception:  # the loss refuses these shapes, which is another rule's matter
        return float("nan")


def _candidates(task: Task, loss: LossFacts, width: int, y: Array) -> list[Array]:
    """Means, medians and logarithms of shares, whichever the loss asks for; all, where it is unknown."""
    real = np.asarray(y, np.float64).reshape(len(y), -1)
    if task.kind == "classes" and task.form == "index" and width > 1:
        ids = np.clip(real[:, 0].astype(int), 0, width - 1)
        share = np.bincount(ids, minlength=width) / len(ids)
    else:
        share = np.resize(real.mean(axis=0), width)
    inside = np.clip(share, SMALL, 1 - SMALL)
    middle = np.resize(np.median(real, axis=0), width)
    logs = np.log(inside) if loss.kind == "cross_entropy" else np.log(inside / (1 - inside))
    if loss.takes == "logits":
        return [logs]
    if loss.takes == "log_probabilities":
        return [np.log(inside)]
    if loss.takes == "probabilities":
        return [inside]
    if loss.kind == "unknown":
        return [share, middle, inside, logs]
    return [share, middle]
