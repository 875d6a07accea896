"""What the two floors share: the products of a task, with as many threads as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from chainrule.bench.peers.base import Answered, Peer, Trained
from chainrule.bench.tasks import Data, Inference, Task, Training
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.engine import blas_threads, suited_threads


class Products(Peer):
    """The matrix products alone, on buffers made once, in the process that chainrule runs in.

    A training step has x W' and dz' x for each layer, and dz W for each but the first; an answer has x W'.
    """

    host = "numpy"
    own_threads: ClassVar[bool]

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        threads = None if self.own_threads else suited_threads(task.network().modules, task.batch)
        buffers = _buffers(task, task.batch)

        def run() -> Trained:
            with blas_threads(threads):
                start = time.perf_counter()
                for _ in range(task.steps):
                    for x, W, z, _, _ in buffers:
                        np.matmul(x, W.T, out=z)
                    for i in range(len(buffers) - 1, -1, -1):
                        x, W, dz, dx, dW = buffers[i]
                        np.matmul(dz.T, x, out=dW)
                        if i:
                            np.matmul(dz, W, out=dx)
                return Trained(time.perf_counter() - start)

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        threads = None if self.own_threads else suited_threads(task.network().modules, task.rows)
        buffers = _buffers(task, task.rows)

        def run() -> Answered:
            with blas_threads(threads):
                start = time.perf_counter()
                for _ in range(task.calls):
                    for x, W, z, _, _ in buffers:
                        np.matmul(x, W.T, out=z)
                return Answered(time.perf_counter() - start)

        return run


def _buffers(task: Task, n: int) -> list[tuple[Array, ...]]:
    """x, W, z, dx and dW of each layer."""
    rng: Any = generator(0, "bench-floor")
    return [
        tuple(
            rng.standard_normal(shape, np.float32)
            for shape in ((n, d_in), (d_out, d_in), (n, d_out), (n, d_in), (d_out, d_in))
        )
        for d_in, d_out in pairwise(task.sizes)
    ]
