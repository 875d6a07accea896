from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import Oversample
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("class-imbalance")
@dataclass(frozen=True)
class ClassImbalance(Rule):
    """One class so common that the network answers with it and misses the rare ones.

    What it sees     the commonest class has more than 10 times the rows of the rarest: remarkable. A warning where
                     less than 30 % of a rare class is found, and accuracy is no better than the commonest class'
                     share (within two standard errors)
    Why it matters   accuracy looks good while the class that matters is never named
    What to try      rows of rare classes given more often, or weighed more; another threshold; report recall by
                     class
    Source           He & Garcia 2009, "Learning from imbalanced data"
    """

    ratio: float = 10.0
    recall: float = 0.3
    few: int = 5  # rows: of fewer it is chance whether they are found

    fault = "CLASS_IMBALANCE"
    stage = "data"
    explains = ("metric-disagrees", "undertrained")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(1000, 2)).astype("f4")
score = X.sum(axis=1) + np.random.default_rng(1).normal(size=1000)

def program(limit):
    y = (score > limit).astype("f4")[:, None]
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=5)

faulty, cured = program(3.2), program(0)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        counts, n = evidence.data.counts, evidence.data.n
        if len(counts) < 2 or max(counts.values()) <= self.ratio * min(counts.values()):
            return
        rare, common = min(counts, key=lambda name: counts[name]), max(counts, key=lambda name: counts[name])
        says = f"class {common:g} has {counts[common]:,} rows, class {rare:g} has {counts[rare]:,}"
        found = evidence.recall.get(rare, float("nan"))
        share = counts[common] / n
        no_better = evidence.right <= share + 2 * (share * (1 - share) / n) ** 0.5
        missed = evidence.trained and counts[rare] >= self.few and found < self.recall and no_better
        missed = missed and not evidence.hopeless
        if missed:
            says += (
                f"; of those {found:.0%} are found, and {evidence.right:.1%} right answers are what saying "
                f"{common:g} "
            )
            says += f"always gives ({share:.1%})"
        yield self.found(
            "WARN" if missed else "INFO",
            says,
            when="at the end" if missed else "before training",
            measured=counts[common] / counts[rare],
            limit=self.ratio,
            evidence={"rows": counts, "recall": evidence.recall},
            changes=(Oversample(),) if missed else (),
        )
