"""A training step against its matrix products alone, in one process, interleaved: medians and their ratio.

    python benchmarks/step_against_products.py [--sizes 784,128,64,10] [--batch-size 64] [--optimizer sgd]
                                               [--engine auto] [--threads 2] [--busy 1]

A step is gathering the batch, forward, loss, backward and update, as the trainer runs it. The products are
the same calls of matmul on arrays of the same shapes: forward, dW of each layer, dx of each but the first; once
with the number of BLAS threads that the trainer chooses, once with the one that BLAS has by itself.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.engine import blas_threads
from chainrule.training.trainer import Trainer


def products(sizes: list[int], n: int) -> Callable[[], None]:
    """The matrix products of one step, on buffers of their own."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    layers = [
        (array(n, d_in), array(d_out, d_in), array(n, d_out), array(n, d_in), array(d_out, d_in))
        for d_in, d_out in pairwise(sizes)
    ]

    def run() -> None:
        for x, W, z, _, _ in layers:
            np.matmul(x, W.T, out=z)
        for i, (x, W, dz, dx, dW) in reversed(list(enumerate(layers))):
            np.matmul(dz.T, x, out=dW)
            if i:
                np.matmul(dz, W, out=dx)

    return run


def make_trainer(sizes: list[int], n: int, rows: int = 20_000, **settings: Any) -> Trainer:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((rows, sizes[0]), np.float32)
    y = rng.integers(0, sizes[-1], rows)
    held: list[Trainer] = []

    class Keep(cr.Callback):
        def on_fit_start(self, trainer: Trainer) -> None:
            held.append(trainer)

    net = cr.MLP(sizes, seed=0)
    cr.fit(net, X, y, loss="cross_entropy", batch_size=n, epochs=1, callbacks=[Keep()], **settings)
    return held[0]


def spin() -> None:
    """Keep a core busy until killed."""
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--optimizer", default="sgd")
    parser.add_argument("--threads", type=int, help="of BLAS in the step; what the trainer chooses unless told")
    parser.add_argument("--busy", type=int, default=0, help="processes that compute beside it")
    parser.add_argument("--engine", default="auto", choices=["auto", "numpy", "fused"])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--sizes", default="784,128,64,10")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    sizes, n = [int(size) for size in options.sizes.split(",")], options.batch_size
    settings = {name: getattr(options, name) for name in ("optimizer", "engine", "threads")}
    trainer, floor = make_trainer(sizes, n, **settings), products(sizes, n)
    for _ in range(options.busy):
        multiprocessing.Process(target=spin, daemon=True).start()
    order = np.random.default_rng(2).permutation(trainer.rows)
    batches = [order[i : i + n] for i in range(0, len(order) - n, n)]

    def steps() -> None:
        for rows in batches:
            trainer.step(rows)

    def floors() -> None:
        for _ in batches:
            floor()

    times: dict[str, list[float]] = {"step": [], "products": [], "products, BLAS's own threads": []}
    with np.errstate(over="ignore"):
        for _ in range(options.repeats):
            for name, run, threads in (
                ("step", steps, trainer.threads),
                ("products", floors, trainer.threads),
                ("products, BLAS's own threads", floors, None),
            ):
                with blas_threads(threads):
                    start = time.perf_counter()
                    run()
                    times[name].append((time.perf_counter() - start) / len(batches) * 1e6)
    for name, found in times.items():
        ratios = [a / b for a, b in zip(times["step"], found, strict=True)]
        print(
            f"{name:29} {statistics.median(found):8.1f} us   (from {min(found):.1f} to {max(found):.1f})   "
            f"a step takes {statistics.median(ratios):.2f} times as long"
        )


if __name__ == "__main__":
    main()
