from __future__ import annotations

from dataclasses import dataclass

from chainrule.bench.peers._torch import OnTorch
from chainrule.bench.peers.base import PEERS
from chainrule.bench.tasks import Task, Training


@PEERS.register("pytorch")
@dataclass(frozen=True)
class PyTorch(OnTorch):
    """PyTorch as it is usually written: eager, with one and two threads, its optimizer plain and fused."""

    threads: int = 1
    fused: bool = False

    title = "PyTorch"
    short = "PyTorch"
    host = "pytorch"
    variants = tuple({"threads": threads, "fused": fused} for threads in (1, 2) for fused in (False, True))

    def lacks(self, task: Task) -> str | None:
        return None if isinstance(task, Training) or not self.fused else "an answer has no optimizer"
