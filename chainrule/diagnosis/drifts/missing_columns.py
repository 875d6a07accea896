from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.core.text import short_list
from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import DRIFTS, MOST_SHOWN, Drift
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("missing-columns")
@dataclass(frozen=True)
class MissingColumns(Drift):
    """Columns that the model takes and the new table doesn't have.

    What it sees     the names of the columns; upper and lower case differ
    Why it matters   the model can't predict a single row of this table
    What to try      look for a column that was renamed; leave it out of training with --ignore where it is not
                     known when predictions are wanted
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
faulty = dict(network=network, X=flats.without(["town"]))
cured = dict(network=network, X=flats)
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        n = len(seen.missing)
        if n:
            yield self.found(
                "ERROR",
                f"{n} column{'s' * (n > 1)} that the model takes {'are' if n > 1 else 'is'} not there: "
                f"{short_list(seen.missing)}",
                where=", ".join(seen.missing[:3]),
                measured=n,
                limit=0,
                evidence={"missing": list(seen.missing[:MOST_SHOWN])},
                remedy="look for columns that were renamed",
            )
