"""What the guards cost when nothing is wrong: of each step, and once before the first one.

    python benchmarks/guards.py

docs/reliability.md quotes the figures; it takes about 10 seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.features import Features
from chainrule.engine import blas_threads
from chainrule.training import Callback
from chainrule.training.leaks import refuse_shared, refuse_target
from chainrule.training.trainer import KEEP_EVERY, Trainer

# sizes, batch, optimizer
STEPS = (([20, 64, 64, 2], 200, "adam"), ([784, 128, 64, 10], 64, "sgd"), ([784, 128, 64, 10], 128, "adam"))
ROWS = 6400


def trainer_of(sizes: list[int], batch: int, optimizer: str, engine: str) -> Trainer:
    """One that has trained an epoch."""
    held: list[Trainer] = []

    class Hold(Callback):
        def on_fit_start(self, trainer: Any) -> None:
            held.append(trainer)

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((ROWS, sizes[0])).astype("float32"), rng.integers(0, sizes[-1], ROWS)
    given: dict[str, Any] = {
        "loss": "cross_entropy",
        "optimizer": optimizer,
        "batch_size": batch,
        "engine": engine,
    }
    cr.fit(cr.MLP(sizes, seed=0), X, y, epochs=1, callbacks=[Hold()], **given)
    return held[0]


def microseconds(call: Callable[[], Any], repeats: int) -> float:
    """Of the processor, so that other work on the machine counts less: the median of nine means."""
    times = []
    for _ in range(9):
        start = time.process_time()
        for _ in range(repeats):
            call()
        times.append((time.process_time() - start) / repeats)
    return 1e6 * float(np.median(times))


def _looked(trainer: Trainer) -> bool:
    return math.isfinite(trainer.loss)


def of_each_step() -> None:
    """The loss is looked at after each step; weights and buffers every 100 steps, when they are copied."""
    print("| network, batch, optimizer, gear | step, µs | guard a step, µs | share |\n|---|---|---|---|")
    for sizes, batch, optimizer in STEPS:
        for engine in ("numpy", "fused"):
            trainer = trainer_of(sizes, batch, optimizer, engine)
            rows, state = np.arange(batch)[::-1].copy(), trainer.state
            with np.errstate(all="ignore"), blas_threads(1):
                step = microseconds(partial(trainer.step, rows), 60)
                look = microseconds(partial(_looked, trainer), 10_000)
                keep = microseconds(state.keep, 200) / KEEP_EVERY
                end = microseconds(state.finite, 200) / (ROWS / batch)
            guard = look + keep + end
            name = f"{'-'.join(map(str, sizes))}, {batch}, {optimizer}, {engine}"
            print(f"| {name} | {step:.0f} | {guard:.2f} | {100 * guard / step:.2f} % |")


def before_the_first() -> None:
    """Columns compared with the target, and the rows of validation looked up among those of training."""
    print("\n| rows, features | target among features, ms | shared rows, ms |\n|---|---|---|")
    rng = np.random.default_rng(0)
    for n, d in ((1000, 10), (60_000, 784), (1_000_000, 20)):
        X = rng.standard_normal((n, d), np.float32)
        y, held = rng.standard_normal(n), rng.standard_normal((max(n // 10, 10), d), np.float32)
        columns = microseconds(partial(refuse_target, X, y), 1) / 1e3
        rows = microseconds(partial(refuse_shared, Features(X), X, held, held), 1) / 1e3
        print(f"| {n:,} x {d} | {columns:.1f} | {rows:.1f} |")


if __name__ == "__main__":
    of_each_step()
    before_the_first()
