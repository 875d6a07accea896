from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule.bench.peers.base import PEERS, Answered, Peer, Trained
from chainrule.bench.tasks import Data, Inference, Task, Training, flat
from chainrule.engine import blas_threads

LESSON = Path(chainrule.__file__).resolve().parents[1] / "numpy_network.py"


@PEERS.register("textbook")
@dataclass(frozen=True)
class Textbook(Peer):
    """The loop of numpy_network.py, beside the package in a clone: plain NumPy, a new array for everything."""

    threads: int = 1

    title = "textbook NumPy"
    short = "lesson"
    host = "numpy"
    variants = ({"threads": 1}, {"threads": 2})

    def missing(self) -> str | None:
        return None if LESSON.is_file() else "numpy_network.py is in a clone of the repository only"

    def lacks(self, task: Task) -> str | None:
        return "it has gradient descent only" if isinstance(task, Training) and task.optimizer != "sgd" else None

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        X, y, order, n = data.X, data.y, data.order, task.batch

        def run() -> Trained:
            network = _network(task, data)
            losses = []
            with blas_threads(self.threads):
                start = time.perf_counter()
                for i in range(0, len(order), n):
                    rows = order[i : i + n]
                    losses.append(network.step(X[rows], y[rows], task.learning_rate))
                seconds = time.perf_counter() - start
            layers = list(zip(network.weights, network.biases, strict=True))
            return Trained(seconds, 0.0, np.array(losses), flat(layers))

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        network, questions = _network(task, data), task.questions(data.X)

        def run() -> Answered:
            with blas_threads(self.threads):
                start = time.perf_counter()
                answers = [network.classify(x) for x in questions]
                return Answered(time.perf_counter() - start, np.concatenate(answers))

        return run


def _network(task: Task, data: Data) -> Any:
    spec = importlib.util.spec_from_file_location("numpy_network", LESSON)
    assert spec is not None
    assert spec.loader is not None
    lesson = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lesson)
    network = lesson.Network(task.sizes, "relu", task.loss, dtype=np.float32)
    network.weights = [W.copy() for W, _ in data.layers]
    network.biases = [b.copy() for _, b in data.layers]
    return network
