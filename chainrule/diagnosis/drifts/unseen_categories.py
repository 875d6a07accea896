from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.core.text import short_list
from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import DRIFTS, MOST_SHOWN, Drift
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("unseen-categories")
@dataclass(frozen=True)
class UnseenCategories(Drift):
    """Texts in a column that no training row had.

    What it sees     the texts of each column that are none of the categories the model knows; one is enough, and
                     "paris" is not "Paris"
    Why it matters   the model has learned nothing about them, and predict refuses such rows
    What to try      look for another way of writing a known one; train again with rows that have it
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
Path("new.csv").write_text(Path("flats.csv").read_text().replace("Kiel", "kiel"))
faulty = dict(network=network, X=read("new.csv"))
cured = dict(network=network, X=flats)
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        for one in seen.columns:
            if one.unseen:
                rows, n = sum(one.unseen.values()), len(one.unseen)
                kinds = f"{n} categories" if n > 1 else "a category"
                yield self.found(
                    "ERROR",
                    f"{rows:,} of {seen.rows:,} rows have {kinds} in {one.name} that training never saw: "
                    f"{short_list(list(one.unseen))}",
                    where=one.name,
                    measured=rows,
                    limit=0,
                    evidence=dict(list(one.unseen.items())[:MOST_SHOWN]),
                    remedy="correct how they are written, or train again with rows that have them",
                )
