"""What a target asks for, and how well outputs answer it, whatever the loss: a share of skill, 1 is perfect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array

MANY = 30  # distinct whole numbers; more are values, not names of classes


@dataclass(frozen=True)
class Task:
    """``kind``: "values", "classes" (one of ``k`` each row), "yes_no", "labels" (several of ``k`` each row).

    ``form`` is how the target is written: "index" (n,) or (n, 1), "one_hot" (n, k), "soft" (rows of
    probabilities), "values". ``auto`` where the target is the input itself.
    """

    kind: str
    form: str
    k: int
    auto: bool = False

    @property
    def decides(self) -> bool:
        """Whether answers are right or wrong, and not near or far."""
        return self.kind != "values"


def task_of(X: Array, y: Array, told: str | None = None, by_loss: str | None = None) -> Task:
    """Read the task off the target; ``told`` ("classes" or "values") wins, ``by_loss`` decides where both fit."""
    y = np.asarray(y)
    width = 1 if y.ndim < 2 else int(np.prod(y.shape[1:]))
    if y.shape == X.shape and np.array_equal(y, X):
        return Task("values", "values", width, auto=True)
    real = y.astype(np.float64, copy=False) if y.dtype.kind in "fiub" else np.zeros(y.shape)
    whole = bool(np.isfinite(real).all() and (real == np.rint(real)).all())
    if told != "values" and width > 1:
        ones = set(np.unique(real[:5000]).tolist()) <= {0.0, 1.0}
        sums = real.reshape(len(real), -1).sum(axis=1)
        if ones and whole:
            return Task("classes" if (sums == 1).all() else "labels", "one_hot", width)
        if (real >= 0).all() and np.allclose(sums, 1, atol=1e-4) and told == "classes":
            return Task("classes", "soft", width)
    if width > 1 or told == "values":
        return Task("values", "values", width)
    distinct = np.unique(real)
    if set(distinct.tolist()) <= {0.0, 1.0} or set(distinct.tolist()) == {-1.0, 1.0}:
        return Task("yes_no", "index", 1)
    names = whole and len(distinct) <= MANY and distinct[0] >= 0
    if told == "classes" or (names and (by_loss == "classes" or (by_loss is None and y.dtype.kind in "iu"))):
        return Task("classes", "index", len(distinct))
    return Task("values", "values", 1)


def skill(task: Task, outputs: Array, y: Array, cut: float = 0.5) -> float:
    """1 - (errors / errors of the best constant answer): 0 is no better than a constant, 1 is perfect.

    Errors are wrong answers where the task decides, squared errors where it has values (so this is R^2, of
    all columns together). ``cut`` is the output from which one means yes: 0.5 of a probability, 0 of a logit.
    Outputs that are not finite have no skill: -inf.
    """
    n = len(y)
    out = np.asarray(outputs, np.float64).reshape(n, -1)
    if not np.isfinite(out).all():
        return -np.inf
    real = np.asarray(y, np.float64).reshape(n, -1)
    if task.kind == "values":
        return _determined(out, real)
    if task.kind == "labels":
        wrong, base = _labels(out, real, cut)
    elif task.kind == "yes_no":
        wrong, base = _yes_no(out, real[:, 0] > 0, cut)
    else:
        wrong, base = _classes(out, real, task)
    return 1.0 - wrong / base if base > 0 else float(wrong == 0)


def right_answers(task: Task, outputs: Array, y: Array, cut: float = 0.5) -> float:
    """The share of right answers; NaN where answers are values, or not finite."""
    out = np.asarray(outputs, np.float64).reshape(len(y), -1)
    real = np.asarray(y, np.float64).reshape(len(y), -1)
    if not task.decides or not np.isfinite(out).all():
        return float("nan")
    if task.kind == "labels":
        return 1.0 - _labels(out, real, cut)[0]
    return 1.0 - (_yes_no(out, real[:, 0] > 0, cut) if task.kind == "yes_no" else _classes(out, real, task))[0]


def recalls(task: Task, outputs: Array, y: Array, cut: float = 0.5) -> dict[float, float]:
    """The share of rows of each class that the outputs name rightly; {} where rows have no class."""
    if not task.decides or task.kind == "labels" or not len(y):
        return {}
    out = np.asarray(outputs, np.float64).reshape(len(y), -1)
    real = np.asarray(y, np.float64).reshape(len(y), -1)
    truth = np.argmax(real, axis=1).astype(np.float64) if task.form != "index" else real[:, 0]
    if task.kind == "yes_no":
        yes = out[:, 0] > cut if out.shape[1] == 1 else np.argmax(out, axis=1) > 0
        said = np.where(yes, 1.0, min(truth.min(), 0.0))
    else:
        said = np.argmax(out, axis=1) if out.shape[1] > 1 else np.rint(out[:, 0])
    return {float(name): float((said[truth == name] == name).mean()) for name in np.unique(truth)}


def _determined(out: Array, real: Array) -> float:
    if out.shape[1] != real.shape[1]:
        out = out[:, :1] if out.shape[1] > real.shape[1] else np.broadcast_to(out[:, :1], real.shape)
        out = np.broadcast_to(out, real.shape)
    left, total = float(((out - real) ** 2).sum()), float(((real - real.mean(axis=0)) ** 2).sum())
    return 1 - left / total if total > 0 else float(left == 0)


def _labels(out: Array, real: Array, cut: float) -> tuple[float, float]:
    if out.shape != real.shape:
        return 1.0, 1.0
    share = (real > 0.5).mean(axis=0)
    return float(((out > cut) != (real > 0.5)).mean()), float(np.minimum(share, 1 - share).mean())


def _yes_no(out: Array, truth: Array, cut: float) -> tuple[float, float]:
    said = out[:, 0] > cut if out.shape[1] == 1 else np.argmax(out, axis=1) > 0
    share = truth.mean()
    return float((said != truth).mean()), float(min(share, 1 - share))


def _classes(out: Array, real: Array, task: Task) -> tuple[float, float]:
    truth = np.argmax(real, axis=1) if task.form != "index" else real[:, 0]
    said = np.argmax(out, axis=1) if out.shape[1] > 1 else np.rint(out[:, 0])
    _, counts = np.unique(truth, return_counts=True)
    return float((said != truth).mean()), float(1 - counts.max() / len(truth))
