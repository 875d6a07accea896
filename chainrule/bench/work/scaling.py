from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.bench.measure import OURS, measure
from chainrule.bench.peers import PEERS
from chainrule.bench.tables import Table, microseconds
from chainrule.bench.tasks import Training
from chainrule.bench.work import memory
from chainrule.bench.work._process import python
from chainrule.bench.work._rows import sorted_peers
from chainrule.bench.work.base import WORK, Session, Work

MIDDLE = Training((256, 128, 128, 10), 128, "adam", 12_800, 1e-3)  # varied in one direction at a time
SHOWN = ("floor", *OURS, "pytorch")


def _deep(layers: int) -> Training:
    return replace(MIDDLE, sizes=(256, *[128] * layers, 10))


AXES: dict[str, dict[int, Training]] = {
    "batch": {n: replace(MIDDLE, batch=n, rows=max(20 * n, 6_400)) for n in (8, 32, 128, 512, 2048)},
    "width": {d: replace(MIDDLE, sizes=(256, d, d, 10), rows=2_560) for d in (16, 64, 256, 1024)},
    "depth": {k: replace(_deep(k), rows=6_400) for k in (1, 2, 4, 8, 16)},
    "rows": {n: replace(MIDDLE, rows=n) for n in (6_400, 25_600, 102_400, 409_600)},
}


@WORK.register("scaling")
@dataclass(frozen=True)
class Scaling(Work):
    """The cost of a step against batch, width, depth and rows of data; and ten times the data, memory-mapped."""

    title = "Scaling"
    usual = False

    def run(self, session: Session) -> dict[str, Any]:
        peers = {name: variants for name, variants in session.peers.items() if name in SHOWN}
        axes: dict[str, list[dict[str, Any]]] = {}
        for axis, tasks in AXES.items():
            axes[axis] = []
            for value, task in tasks.items():
                found = measure(session.crew, task, peers, session.repeats, session.seconds, session.progress)
                medians = {name: row["median"] for name, row in found["peers"].items()}
                axes[axis].append({"value": value, "name": task.name, "medians": medians})
        return {
            "middle": MIDDLE.name,
            "axes": axes,
            "slopes": {axis: slopes(points) for axis, points in axes.items()},
            "tenfold": _tenfold(session),
        }

    def tables(self, found: dict[str, Any]) -> list[Table]:
        made = []
        for axis, points in found["axes"].items():
            names = [n for n in sorted_peers() if any(n in point["medians"] for point in points)]
            rows = [
                [str(p["value"]), *(microseconds(p["medians"][n]) if n in p["medians"] else "-" for n in names)]
                for p in points
            ]
            for part, text in (("whole", "slope"), ("last", "slope of the last two")):
                rows.append([text, *(f"{found['slopes'][axis][part][n]:.2f}" for n in names)])
            title = f"µs a step against {axis}, all else as {found['middle']}; slope of log time by log {axis}"
            made.append(Table(title, [axis, *(PEERS[n].short for n in names)], rows))
        return [*made, *_tenfold_table(found["tenfold"])]


def slopes(points: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """d log(time) / d log(value): a straight line through all points, and between the last two."""
    found: dict[str, dict[str, float]] = {"whole": {}, "last": {}}
    for name in points[0]["medians"]:
        there = [(math.log(p["value"]), math.log(p["medians"][name])) for p in points if name in p["medians"]]
        if len(there) > 1:
            x, y = np.array(there).T
            found["whole"][name] = float(np.polyfit(x, y, 1)[0])
            found["last"][name] = float((y[-1] - y[-2]) / (x[-1] - x[-2]))
    return found


def _tenfold(session: Session) -> list[dict[str, Any]]:
    """An epoch over 100,000 and over 1,000,000 mapped rows, as float32 and as uint8."""
    found = []
    for dtype in ("float32", "uint8"):
        for rows in (memory.ROWS // 10, memory.ROWS):
            path = session.crew.folder / "rows.npy"
            memory.write_rows(path, rows, np.dtype(dtype))
            for gear in OURS:
                if gear in session.peers:
                    session.progress(f"scaling: {rows:,} mapped rows of {dtype}, {gear}")
                    one = python("-m", "chainrule.bench.mapped_rows", str(path), gear)
                    found.append({"rows": rows, "dtype": dtype, "gear": gear, **one})
            path.unlink()
    return found


def _tenfold_table(found: list[dict[str, Any]]) -> list[Table]:
    rows = [
        [f"{row['dtype']}, {row['rows']:,} rows, {PEERS[row['gear']].short}",
         *(f"{row[key]:,.0f}" for key in ("data", "peak", "private", "step"))]
        for row in found
    ]  # fmt: skip
    head = ["memory-mapped", "file, MB", "peak, MB", "private, MB", "µs a step"]
    return [Table("Ten times the data: an epoch over 100 features (100-64-10, batch 128, Adam)", head, rows)]
