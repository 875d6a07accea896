from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.bench.peers import PEERS
from chainrule.bench.tables import Table
from chainrule.bench.tasks import INFERENCES
from chainrule.bench.work._rows import FLOORS, Rows, sorted_peers
from chainrule.bench.work.base import WORK


@WORK.register("inference")
@dataclass(frozen=True)
class Inference(Rows):
    """Classes of one row, of 32 and of 10,000, through a network that is bound beforehand."""

    title = "Inference (sizes : rows)"
    unit = "call"
    tasks = INFERENCES

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        return [*super().tables(found), *([_rate(found)] if found else [])]


def _rate(found: list[dict[str, Any]]) -> Table:
    names = [
        name
        for name in sorted_peers()
        if name not in FLOORS and any(name in row["peers"] for row in found)
    ]  # fmt: skip
    rows = [
        [row["name"], *(_thousands(row["peers"].get(name), row["task"]["rows"]) for name in names)]
        for row in found
    ]
    return Table("The same in thousands of rows a second", ["call", *(PEERS[n].short for n in names)], rows)


def _thousands(cell: dict[str, Any] | None, rows: int) -> str:
    return "-" if cell is None else f"{1e3 * rows / cell['median']:,.1f}"
