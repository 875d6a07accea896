from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.bench.measure import OURS
from chainrule.bench.tables import Table
from chainrule.bench.work.base import WORK, Session, Work
from chainrule.core.types import Array
from chainrule.diagnosis.recorder import Recorder

SIZES, ROWS = (784, 128, 64, 10), 60_000


@WORK.register("recorder")
@dataclass(frozen=True)
class RecorderCost(Work):
    """An epoch of 784-128-64-10 with the doctor's recorder against one without, in turn."""

    title = "The doctor's recorder"

    def run(self, session: Session) -> list[dict[str, Any]]:
        rng = np.random.default_rng(0)
        x = rng.standard_normal((ROWS, SIZES[0]), np.float32)
        y = rng.integers(0, SIZES[-1], ROWS)
        found = []
        for name in OURS:
            if name in session.peers:
                for batch in (64, 128):
                    session.progress(f"recorder: {name}, batch {batch}")
                    found.append({"gear": name, "batch": batch, **_compare(x, y, name, batch, session.repeats)})
        return found

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        rows = [
            [row["gear"].replace("chainrule_", ""), str(row["batch"]), f"{row['plain']:.0f}",
             f"{row['recorded']:.0f}", f"{100 * (row['ratio'] - 1):.1f} %"]
            for row in found
        ]  # fmt: skip
        head = ["gear", "batch", "µs a step", "recorded", "more"]
        return [Table("An epoch of 784-128-64-10, Adam, with the doctor's recorder", head, rows)]


def _compare(x: Array, y: Array, gear: str, batch: int, repeats: int) -> dict[str, float]:
    pairs = []
    for _ in range(repeats + 1):
        plain, recorded = _epoch(x, y, gear, batch, False), _epoch(x, y, gear, batch, True)
        pairs.append((plain, recorded))
    steps = -(-ROWS // batch) / 1e6
    pairs = pairs[1:]  # the first warms up
    return {
        "plain": statistics.median(plain for plain, _ in pairs) / steps,
        "recorded": statistics.median(recorded for _, recorded in pairs) / steps,
        "ratio": statistics.median(recorded / plain for plain, recorded in pairs),
    }


def _epoch(x: Array, y: Array, gear: str, batch: int, watched: bool) -> float:
    engine: Any = gear.removeprefix("chainrule_")
    network = cr.MLP(SIZES, seed=0)
    callbacks = [Recorder()] if watched else []
    start = time.perf_counter()
    cr.fit(
        network, x, y, loss="cross_entropy", optimizer="adam", batch_size=batch, epochs=1, threads=1,
        engine=engine, callbacks=callbacks,
    )  # fmt: skip
    return time.perf_counter() - start
