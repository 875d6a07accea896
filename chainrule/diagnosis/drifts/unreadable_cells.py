from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import DRIFTS, Drift
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("unreadable-cells")
@dataclass(frozen=True)
class UnreadableCells(Drift):
    """Empty cells, and texts, NaN or infinity where the model takes a number.

    What it sees     the cells of each column that the model can't read; one is enough, as training had none
    Why it matters   predict refuses such rows
    What to try      fill in or remove such rows, as it was done before training
    """

    example = r"""
from pathlib import Path
import chainrule as cr
from chainrule.readers import read

towns = ["Bonn", "Kiel", "Ulm"]
Path("flats.csv").write_text("\n".join(["area,town", *(f"{30 + i},{towns[i % 3]}" for i in range(90))]))
flats = read("flats.csv")
columns = cr.preprocessing.Columns.fit(flats)
network = cr.MLP([4, 8, 1], seed=0, preprocessing=columns)
cr.diagnosis.summarize(network, flats)
Path("new.csv").write_text(Path("flats.csv").read_text().replace("30,", "n/a,"))
faulty = dict(network=network, X=read("new.csv"))
cured = dict(network=network, X=flats)
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        found = {one.name: one.unreadable for one in seen.columns if one.unreadable}
        if found:
            worst = max(found, key=lambda name: found[name])
            n = len(found)
            yield self.found(
                "ERROR",
                f"{n} column{'s have' if n > 1 else ' has'} cells that can't be read; most of all {worst}: "
                f"{found[worst]:,} of {seen.rows:,} rows",
                where=worst,
                measured=found[worst],
                limit=0,
                evidence=found,
                remedy="fill in or remove such rows, as it was done before training",
            )
