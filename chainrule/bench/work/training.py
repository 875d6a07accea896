from __future__ import annotations

from dataclasses import dataclass

from chainrule.bench.tasks import TRAININGS
from chainrule.bench.work._rows import Rows
from chainrule.bench.work.base import WORK


@WORK.register("training")
@dataclass(frozen=True)
class Training(Rows):
    """A training step: gathering the batch, forward, loss, backward, update."""

    title = "Training (sizes : batch : optimizer)"
    unit = "step"
    tasks = TRAININGS
