"""The loss that suits a task, the target in the form it takes, and how many outputs it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.libraries import library
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.tasks import Task

Rewrite = Callable[[Array], Array]


def suited(program: Program, task: Task) -> tuple[Any, Rewrite, int]:
    """A loss of logits or values, a function that writes targets in its form, and the width of the output."""
    nn = library(program.module).nn
    if task.kind == "values":
        width = int(np.prod(program.y.shape[1:], dtype=int))
        return nn.MSELoss(), lambda y: np.asarray(y, np.float32).reshape(len(y), width), width
    if task.kind == "yes_no":
        return nn.BCEWithLogitsLoss(), lambda y: (np.asarray(y).reshape(-1, 1) > 0).astype(np.float32), 1
    if task.kind == "labels":
        return nn.BCEWithLogitsLoss(), lambda y: np.asarray(y, np.float32), task.k
    if task.form == "soft":
        return nn.CrossEntropyLoss(), lambda y: np.asarray(y, np.float32), task.k
    if task.form == "one_hot":
        return nn.CrossEntropyLoss(), lambda y: np.argmax(y, axis=1).astype(np.int64), task.k
    names = np.unique(program.y)
    return (
        nn.CrossEntropyLoss(),
        lambda y: np.clip(np.searchsorted(names, np.asarray(y).reshape(-1)), 0, len(names) - 1),
        len(names),
    )
