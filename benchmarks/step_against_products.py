"""A training step against its matrix products alone, in one process, interleaved: medians and their ratio.

    python benchmarks/step_against_products.py [--sizes 784,128,64,10] [--batch-size 64] [--optimizer sgd]
                                               [--engine auto]

A step is gathering the batch, forward, loss, backward and update, as the trainer runs it. The products are
the same calls of matmul on arrays of the same shapes: forward, dW of each layer, dx of each but the first; once
with the number of BLAS threads that the trainer chooses, once with the one that BLAS has by itself.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

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


def make_trainer(sizes: list[int], n: int, optimizer: str, engine: str, rows: int = 20_000) -> Trainer:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((rows, sizes[0]), np.float32)
    y = rng.integers(0, sizes[-1], rows)
    held: list[Trainer] = []

    class Keep(cr.Callback):
        def on_fit_start(self, trainer: Trainer) -> None:
            held.append(trainer)

    net = cr.MLP(sizes, seed=0)
    given = {"loss": "cross_entropy", "optimizer": optimizer, "batch_size": n, "epochs": 1, "engine": engine}
    cr.fit(net, X, y, **given, callbacks=[Keep()])
    return held[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--optimizer", default="sgd")
    parser.add_argument("--engine", default="auto", choices=["auto", "numpy", "fused"])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--sizes", default="784,128,64,10")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    sizes, n = [int(size) for size in options.sizes.split(",")], options.batch_size
    trainer, floor = make_trainer(sizes, n, options.optimizer, options.engine), products(sizes, n)
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
