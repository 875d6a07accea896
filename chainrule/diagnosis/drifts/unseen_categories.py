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
