from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.bench.peers import _jax
from chainrule.bench.peers.base import PEERS, Answered, Peer, Trained
from chainrule.bench.tasks import Data, Inference, Training


@PEERS.register("jax_steps")
@dataclass(frozen=True)
class JaxSteps(Peer):
    """JAX with one jitted step, gathering included, called from a loop in Python."""

    threads: int = 1

    title = "JAX, step by step"
    short = "JAX"
    compiles = True
    library = "jax"
    host = "jax_steps"
    variants = ({"threads": 1}, {"threads": 2})

    def environment(self) -> dict[str, str]:
        return _jax.one_thread(self.threads)

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        import jax

        step = _jax.step(jax, task)

        def gathered(state: Any, t: Any, X: Any, y: Any, rows: Any) -> Any:
            state, loss = step(state, t, X[rows], y[rows])
            return state, t + 1, loss

        compiled = jax.jit(gathered, donate_argnums=(0, 1))
        X, y = jax.numpy.array(data.X), jax.numpy.array(data.y)
        batches = list(map(jax.numpy.array, data.order.reshape(-1, task.batch)))

        def run() -> Trained:
            state, t = jax.block_until_ready((_jax.start(jax, task, data), jax.numpy.array(1.0)))
            losses = []
            start = time.perf_counter()
            for rows in batches:
                state, t, loss = compiled(state, t, X, y, rows)
                losses.append(loss)
            jax.block_until_ready((state, losses))
            seconds = time.perf_counter() - start
            return Trained(seconds, 0.0, np.array(losses), _jax.theta(state))

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        import jax

        params = _jax.start(jax, task, data)[0]
        classify = jax.jit(lambda params, x: _jax.forward(jax, params, x).argmax(axis=1))
        questions = list(map(jax.numpy.array, task.questions(data.X)))

        def run() -> Answered:
            start = time.perf_counter()
            answers = [jax.block_until_ready(classify(params, x)) for x in questions]
            return Answered(time.perf_counter() - start, np.concatenate(answers))

        return run
