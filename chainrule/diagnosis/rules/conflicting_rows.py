from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("conflicting-rows")
@dataclass(frozen=True)
class ConflictingRows(Rule):
    """Rows with equal features and unequal labels.

    What it sees     the share of rows that no function of the features can answer, as equal rows have other
                     labels; above 1 %. A warning where this leaves less than half of the skill to gain, and little
                     is learned
    Why it matters   it is an upper limit of accuracy on these rows, for any network
    What to try      look for a feature that got lost, for rows joined twice, for labels that were guessed
    Source           Northcutt, Athalye & Mueller 2021, "Pervasive label errors in test sets"
    """

    share: float = 0.01
    left: float = 0.5

    fault = "LABEL_NOISE"
    stage = "data"
    explains = (*TRAINING, "label-noise")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rows = np.random.default_rng(0).normal(size=(100, 2)).astype("f4")
X = np.concatenate([rows, rows])
right = (X.sum(axis=1, keepdims=True) > 0).astype("f4")
wrong = np.concatenate([right[:100], 1 - right[:100]])

def program(y):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(wrong), program(right)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if not evidence.task.decides or data.distinct_rows < 2 or not data.conflicts > self.share:
            return
        wrong = 1 - max(data.counts.values(), default=0) / data.n  # of the best constant answer
        left = 1 - data.conflicts / wrong if wrong > 0 else 1.0
        yield self.found(
            "WARN" if left < self.left and evidence.ill else "INFO",
            f"{data.conflicts:.1%} of the rows equal another row and have another label: "
            f"{1 - data.conflicts:.1%} right "
            "answers are the most that any network can give",
            when="before training",
            measured=data.conflicts,
            limit=self.share,
            evidence={"distinct rows": data.distinct_rows, "rows": data.n, "skill left to gain": left},
            remedy="look for a feature that got lost, and for rows that were joined twice",
        )
