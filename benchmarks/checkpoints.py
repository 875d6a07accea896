"""What a checkpoint costs: 784-128-64-10 with Adam, batches of 64, on random numbers of MNIST's size.

    $ python benchmarks/checkpoints.py

Prints the milliseconds of one, part by part, those of a step, and the share of the time at several cadences:
medians of fifty. What the disk takes depends on the machine, so run it where nothing else does.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import chainrule as cr
from chainrule.training.checkpoints import file
from chainrule.training.checkpoints.content import capture
from chainrule.training.fingerprint import digest

SIZES, ROWS, BATCH, TIMES = [784, 128, 64, 10], 60_000, 64, 50


class Clock(cr.Callback):
    """The time of each step; and, at the end, of the parts of a checkpoint of this training."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.steps, self.parts = folder, [], {}
        self._since = 0.0

    def on_step_end(self, trainer: cr.training.Trainer) -> None:
        now = time.perf_counter()
        self.steps.append(now - self._since)
        self._since = now

    def on_epoch_end(self, trainer: cr.training.Trainer, row: dict) -> None:
        path, previous = self.folder / "last.safetensors", self.folder / "previous.safetensors"
        trainer.state.within = True
        self.parts["in all"] = of(lambda: file.write(path, capture(trainer, 64, False), previous))
        data = path.read_bytes()
        self.bytes = len(data)
        self.parts["its SHA-256"] = of(lambda: hashlib.sha256(data).hexdigest())
        self.parts["write, flush, rename, flush the folder"] = of(lambda: raw(self.folder, data))
        self.parts["asking after a step whether one is due"] = of(lambda: due(time.perf_counter), 10_000)
        trainer.state.within = False


def due(clock: Callable[[], float]) -> bool:
    return clock() >= 1e300


def raw(folder: Path, data: bytes) -> None:
    """The least that a durable write is made of."""
    handle = os.open(folder / "raw.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(handle, data)
    os.fsync(handle)
    os.close(handle)
    (folder / "raw.part").replace(folder / "raw")
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def of(call: Callable[[], object], times: int = TIMES) -> float:
    """The median of so many calls, in milliseconds."""
    found = []
    for _ in range(times):
        since = time.perf_counter()
        call()
        found.append(time.perf_counter() - since)
    return 1e3 * median(found)


def main() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((ROWS, SIZES[0]), np.float32), rng.integers(0, 10, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(Path(folder))
        network = cr.MLP(SIZES, seed=0)
        cr.fit(network, X, y, loss="cross_entropy", batch_size=BATCH, epochs=1, callbacks=[clock])
    step, each = 1e3 * median(clock.steps), -(-ROWS // BATCH)
    print(
        f"a checkpoint of {clock.bytes:,} bytes, of {network.params.theta.size:,} parameters with Adam's two means"
    )
    for name, found in clock.parts.items():
        print(f"  {name:40} {found:10.4f} ms")
    print(f"a step                                     {step:10.4f} ms")
    one = clock.parts["in all"]
    for name, seconds in (
        ("every minute (the default)", 60.0),
        (f"each epoch of {each} steps", each * step / 1e3),
        ("every 100 steps", step / 10),
    ):
        print(f"  {name:40} {100 * one / (1e3 * seconds + one):10.3f} % of the time")
    data = of(lambda: digest(X, y), 3)
    print(f"SHA-256 of the data, beside the first steps {data:9.1f} ms for {X.nbytes / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
