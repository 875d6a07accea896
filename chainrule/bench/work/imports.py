from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.bench.measure import middle
from chainrule.bench.tables import Table
from chainrule.bench.work._process import python
from chainrule.bench.work.base import WORK, Session, Work

CODE = """
import json, sys, time
import numpy
start = time.perf_counter()
{statement}
print(json.dumps({{"seconds": time.perf_counter() - start}}))
"""
OURS = {
    "import chainrule": "import chainrule",
    "and what a training needs": "import chainrule as cr; cr.fit, cr.MLP, cr.optimizers.Adam, cr.losses.LOSSES",
}
PEERS_IMPORT = {
    "scikit_learn": "import sklearn.neural_network",
    "pytorch": "import torch",
    "jax_scan": "import jax.numpy",
    "onnx_runtime": "import onnxruntime",
}
TIMES = 4  # as many processes as the session has repeats: they are short


@WORK.register("imports")
@dataclass(frozen=True)
class Imports(Work):
    """Import times over that of NumPy, each in a new process, in turns, after a turn that warms the disk."""

    title = "Import"

    def run(self, session: Session) -> list[dict[str, Any]]:
        statements = {**OURS, **{text: text for name, text in PEERS_IMPORT.items() if name in session.peers}}
        times: dict[str, list[float]] = {name: [] for name in statements}
        for turn in range(1 + TIMES * session.repeats):
            session.progress(f"imports: turn {turn} of {TIMES * session.repeats}")
            for name, statement in statements.items():
                slow = name not in OURS
                if slow and turn > session.repeats:
                    continue
                found = python("-c", CODE.format(statement=statement))
                if turn:
                    times[name].append(1e3 * found["seconds"])
        return [{"name": name, "milliseconds": middle(each), "times": each} for name, each in times.items()]

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        rows = [
            [
                row["name"],
                *(f"{row['milliseconds'][key]:,.1f}" for key in ("median", "low", "high")),
                str(len(row["times"])),
            ]
            for row in found
        ]
        head = ["import", "median", "10 %", "90 %", "processes"]
        return [Table("Import, milliseconds over that of NumPy, each in a new process", head, rows)]
