"""The memory of one epoch over a memory-mapped file, in a process of its own.

python -m chainrule.bench.mapped_rows FILE.npy GEAR
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.bench.peers import PEERS
from chainrule.bench.peers._ours import Ours, chosen
from chainrule.core.rng import generator


def main(path: str, gear: str) -> dict[str, float]:
    """Megabytes of the file, and of the peak over what the process had before."""
    import resource  # not on every system

    peer = PEERS.make(gear)
    assert isinstance(peer, Ours)
    settings: dict[str, Any] = {
        "loss": "cross_entropy",
        "epochs": 1,
        "batch_size": 128,
        **chosen(cr.fit, peer.gear),
    }
    rng = generator(0, "bench-warm")
    X = np.load(path, mmap_mode="r", allow_pickle=False)
    features = X.shape[1]
    small = rng.standard_normal((2560, features), np.float32)
    cr.fit(
        cr.MLP([features, 64, 10]), small, rng.integers(0, 10, len(small)), **settings
    )  # all that is loaded once
    y = rng.integers(0, 10, len(X))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Sampler() as sampler:
        history = cr.fit(cr.MLP([features, 64, 10]), X, y, **settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "data": X.nbytes / 1e6,
        "peak": 1024 * peak / 1e6,
        "private": sampler.most / 1e6,
        "step": 1e6 * sum(history["seconds"]) / len(history.steps),
    }


class Sampler:
    """The most bytes that the process held by itself, RssAnon, over what it held at the start."""

    def __enter__(self) -> Sampler:
        self._base, self.most, self._open = self._now(), 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()

    def _watch(self) -> None:
        while self._open:
            self.most = max(self.most, self._now() - self._base)
            time.sleep(0.002)

    @staticmethod
    def _now() -> int:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon"):
                return 1024 * int(line.split()[1])
        return 0


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201
