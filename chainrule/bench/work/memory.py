from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.bench.measure import OURS
from chainrule.bench.peers import PEERS
from chainrule.bench.tables import Table
from chainrule.bench.work._process import python
from chainrule.bench.work.base import WORK, Session, Work
from chainrule.core.rng import generator

ROWS, FEATURES = 1_000_000, 100


@WORK.register("memory")
@dataclass(frozen=True)
class Memory(Work):
    """Peak memory of an epoch on 1,000,000 x 100 float32 rows, 400 MB, of a memory-mapped .npy file.

    ``peak`` is what the operating system says of the whole process (ru_maxrss) over what it said before; pages of
    the mapped file that happen to be in memory count, though they can be dropped at any time. ``private`` is what
    the process holds by itself, sampled every 2 ms. Linux only: others count otherwise, or not at all.
    """

    title = "Memory"
    usual = False

    def run(self, session: Session) -> list[dict[str, Any]]:
        if not sys.platform.startswith("linux"):
            return []
        path = session.crew.folder / "rows.npy"
        write_rows(path, ROWS, np.dtype("float32"))
        found = []
        for gear in OURS:
            if gear in session.peers:
                session.progress(f"memory: {ROWS:,} x {FEATURES} rows, {gear}")
                found.append({"gear": gear, **python("-m", "chainrule.bench.mapped_rows", str(path), gear)})
        path.unlink()
        return found

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        rows = [
            [
                PEERS[row["gear"]].title,
                *(f"{row[key]:,.0f}" for key in ("data", "peak", "private")),
                f"{row['step']:,.0f}",
            ]
            for row in found
        ]
        head = ["", "file, MB", "peak, MB", "private, MB", "µs a step"]
        title = "An epoch on 1,000,000 x 100 float32 rows of a memory-mapped file (100-64-10, batch 128, Adam)"
        return [Table(title, head, rows)] if rows else []


def write_rows(path: Path, rows: int, dtype: np.dtype[Any]) -> None:
    """A .npy file of random rows, written a piece at a time."""
    out = np.lib.format.open_memmap(path, "w+", dtype, (rows, FEATURES))
    rng = generator(0, "bench-rows")
    for start in range(0, rows, 50_000):
        piece = out[start : start + 50_000]
        piece[...] = (
            rng.integers(0, 256, piece.shape)
            if dtype == np.uint8
            else rng.standard_normal(piece.shape, np.float32)
        )
    out.flush()
