"""What training and inference share: tasks that peers do in turns, and two tables of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chainrule.bench.measure import OURS, measure
from chainrule.bench.peers import PEERS
from chainrule.bench.tables import Table, microseconds, ratio
from chainrule.bench.tasks import Task
from chainrule.bench.work.base import Session, Work

ORDER = (
    "floor", "floor_blas", *OURS, "jax_scan", "jax_steps", "onnx_runtime", "pytorch", "torch_compile",
    "scikit_learn", "textbook",
)  # fmt: skip


class Rows(Work):
    """One row for each task."""

    tasks: ClassVar[Sequence[Task]]
    unit: ClassVar[str]

    def rows(self) -> tuple[str, ...]:
        return tuple(task.name for task in self.tasks)

    def run(self, session: Session) -> list[dict[str, Any]]:
        return [
            measure(session.crew, task, session.peers, session.repeats, session.seconds, session.progress)
            for task in self.tasks
            if not session.rows or task.name in session.rows
        ]

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        if not found:
            return []
        return [self._times(found), *(self._ratios(found, gear) for gear in OURS if _anywhere(found, gear))]

    def _times(self, found: list[dict[str, Any]]) -> Table:
        names = [name for name in sorted_peers() if _anywhere(found, name)]
        rows = []
        for row in found:
            cells = [row["peers"].get(name) for name in names]
            rows.append([row["name"], *map(_cell, cells)])
        repeats = sorted({row["repeats"] for row in found})
        counted = f"{repeats[0]}" if len(repeats) == 1 else f"{repeats[0]} to {repeats[-1]}"
        notes = []
        if any(text.endswith("*") for line in rows for text in line):
            notes.append("* it reached other weights or answers than we did: no ratio is given")
        return Table(
            f"{self.title}: µs a {self.unit}, median of {counted} repeats in turns",
            [self.unit, *(PEERS[name].short for name in names)],
            rows,
            notes,
        )

    def _ratios(self, found: list[dict[str, Any]], gear: str) -> Table:
        names = [name for name in sorted_peers() if name != gear and _anywhere(found, name)]
        rows = [
            [row["name"], *(ratio(row["ratios"].get(gear, {}).get(name), name in FLOORS) for name in names)]
            for row in found
        ]
        return Table(
            f"{PEERS[gear].title}: its time over that of the products alone, and the others' over its",
            [self.unit, *((f"/{PEERS[name].short}") if name in FLOORS else PEERS[name].short for name in names)],
            rows,
        )


FLOORS = ("floor", "floor_blas")


def sorted_peers() -> list[str]:
    """The floors and ourselves first, then others, those nobody placed at the end."""
    return [*ORDER, *(name for name in PEERS if name not in ORDER)]


def _anywhere(found: list[dict[str, Any]], name: str) -> bool:
    return any(name in row["peers"] for row in found)


def _cell(found: dict[str, Any] | None) -> str:
    return "-" if found is None else microseconds(found["median"]) + "*" * (found["same"] is False)
