"""chainrule as its users call it: ``cr.fit`` and ``net.predictor``; a class for each gear is beside this file."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

import chainrule as cr
from chainrule.bench.peers.base import Answered, Peer, Trained
from chainrule.bench.tasks import SEED, Data, Inference, Training


class Ours(Peer):
    """One epoch of ``cr.fit``; the loop's seconds are those that its history has, checks at the border apart."""

    host = "numpy"
    gear: ClassVar[str]

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        X, y, gear = data.X, data.y, chosen(cr.fit, self.gear)

        def run() -> Trained:
            network = task.network()
            start = time.perf_counter()
            history = cr.fit(
                network,
                X,
                y,
                optimizer=f"{task.optimizer}:learning_rate={task.learning_rate}",
                batch_size=task.batch,
                epochs=1,
                seed=SEED,
                **gear,
            )
            whole = time.perf_counter() - start
            seconds = sum(history["seconds"])
            return Trained(seconds, whole - seconds, np.array(history.steps), network.params.theta)

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        network = task.network()
        predict = network.predictor(task.rows, **chosen(network.predictor, self.gear))
        questions = task.questions(data.X)

        def run() -> Answered:
            start = time.perf_counter()
            answers = [predict(x) for x in questions]
            return Answered(time.perf_counter() - start, np.concatenate(answers))

        return run


def has_gears(function: Callable[..., Any]) -> bool:
    """Whether there is a gear to choose."""
    return "engine" in inspect.signature(function).parameters


def chosen(function: Callable[..., Any], gear: str) -> dict[str, Any]:
    """The argument that chooses the gear, where there is one to choose."""
    return {"engine": gear} if has_gears(function) else {}
