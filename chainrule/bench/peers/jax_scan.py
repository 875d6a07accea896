from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.bench.peers import _jax
from chainrule.bench.peers.base import PEERS, Peer, Trained
from chainrule.bench.tasks import Data, Training


@PEERS.register("jax_scan")
@dataclass(frozen=True)
class JaxScan(Peer):
    """JAX with the whole epoch, gathering included, in one jitted ``lax.scan``: its fastest form."""

    threads: int = 1

    title = "JAX, scan"
    short = "JAXscan"
    compiles = True
    library = "jax"
    host = "jax_scan"
    kinds = (Training,)
    variants = ({"threads": 1}, {"threads": 2})

    def environment(self) -> dict[str, str]:
        return _jax.one_thread(self.threads)

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        import jax

        step = _jax.step(jax, task)

        def epoch(state: Any, X: Any, y: Any, order: Any) -> Any:
            def body(carry: Any, rows: Any) -> Any:
                state, t = carry
                state, loss = step(state, t, X[rows], y[rows])
                return (state, t + 1), loss

            (state, _), losses = jax.lax.scan(body, (state, 1.0), order)
            return state, losses

        compiled = jax.jit(epoch, donate_argnums=0)
        X, y = jax.numpy.array(data.X), jax.numpy.array(data.y)
        order = jax.numpy.array(data.order.reshape(-1, task.batch))

        def run() -> Trained:
            first = jax.block_until_ready(_jax.start(jax, task, data))
            start = time.perf_counter()
            state, losses = jax.block_until_ready(compiled(first, X, y, order))
            seconds = time.perf_counter() - start
            return Trained(seconds, 0.0, np.asarray(losses), _jax.theta(state))

        return run
