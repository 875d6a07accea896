"""One process of the benchmark: it builds what it is told to, and runs it when it is its turn.

    python -m chainrule.bench.worker

Requests come as lines of JSON on standard input and are answered by lines of JSON on what was standard output;
whatever a library prints goes to standard error. When its input ends, it ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.bench.peers import PEERS, Answered, Trained
from chainrule.bench.tasks import Data, Inference, Task, task_of
from chainrule.core.types import Array

CHECKED = 10  # steps after which the weights of all peers are compared: rounding grows with every step after them


class Worker:
    """Runners by their key, and the data of the last task, which its peers share."""

    def __init__(self) -> None:
        self._runs: dict[str, Callable[[], Trained] | Callable[[], Answered]] = {}
        self._data: dict[Task, Data] = {}
        self._rested = time.process_time()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What came of one request; ``idle`` is the processor time spent since the last one, in seconds."""
        idle = time.process_time() - self._rested
        try:
            found = getattr(self, f"do_{request.pop('do')}")(**request)
        except Exception as problem:  # a library may raise anything; the benchmark goes on without it
            text = str(problem).strip() or "no message"
            found = {"failed": f"{type(problem).__name__}: {text.splitlines()[0]:.200}"}
        settle()
        self._rested = time.process_time()
        return {**found, "idle": idle}

    def do_missing(self, peer: dict[str, Any]) -> dict[str, Any]:
        """Why the peer cannot run here."""
        return {"reason": PEERS.make(peer).missing()}

    def do_build(self, key: str, peer: dict[str, Any], task: dict[str, Any], save: str) -> dict[str, Any]:
        """Make a runner and run it once; what its answers are compared by goes into the file ``save``."""
        work, chosen = task_of(task), PEERS.make(peer)
        start = time.perf_counter()
        if isinstance(work, Inference):
            run = chosen.inference(work, self._shared(work))
            answered = run()
            self._runs[key] = run
            return {"first": time.perf_counter() - start, "saved": _saved(save, answered.classes)}
        short = replace(work, rows=CHECKED * work.batch)
        checked = chosen.training(short, self._shared(short))()
        first = time.perf_counter() - start
        runner = chosen.training(work, self._shared(work))
        trained = runner()
        self._runs[key] = runner
        loss = None if trained.losses is None else float(np.mean(trained.losses))
        return {"first": first, "loss": loss, "saved": _saved(save, checked.theta)}

    def do_run(self, key: str) -> dict[str, Any]:
        """One turn."""
        if key not in self._runs:
            return {"failed": "its process ended, and what was ready in it was lost"}
        done = self._runs[key]()
        return {"seconds": done.seconds, "border": done.border if isinstance(done, Trained) else 0.0}

    def do_forget(self) -> dict[str, Any]:
        """Let go of everything, for the next task."""
        self._runs.clear()
        self._data.clear()
        return {}

    def _shared(self, task: Task) -> Data:
        return self._data.setdefault(task, task.data())


def settle(most: float = 0.5) -> None:
    """Wait until the threads of this process sleep: after their last work they spin, some for 0.1 s."""
    end = time.perf_counter() + most
    while time.perf_counter() < end:
        used = time.process_time()
        time.sleep(0.01)
        if time.process_time() - used < 0.002:
            return


def _saved(path: str, array: Array | None) -> bool:
    if array is not None:
        np.save(Path(path), array, allow_pickle=False)
    return array is not None


def main() -> None:
    """Answer until the input ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        worker = Worker()
        for line in sys.stdin:
            answers.write(json.dumps(worker.answer(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
