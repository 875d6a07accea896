from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import guard, problem
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("shared-rows")
@dataclass(frozen=True)
class SharedRows(Rule):
    """Validation rows that training has too.

    What it sees     above 1 % of the validation rows are equal to a training row in every feature. Only remarkable
                     where features are whole numbers, or training repeats its own rows as often: then chance does
                     it
    Why it matters   the validation loss measures memory: overfitting stays unseen
    What to try      drop duplicates before splitting; split by person or place, not by row
    Source           Kaufman, Rosset & Perlich 2012, "Leakage in data mining"
    """

    share: float = 0.01

    fault = "TRAIN_SPLIT"
    stage = "data"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(held):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X[:200], y=y[:200], validation=(X[held], y[held]),
                loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(slice(150, 250)), program(slice(200, 300))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if guard(evidence) == "shared-rows":
            yield self.found("WARN", " ".join(str(problem(evidence)).split()), when="before training")
        elif evidence.program.validation is not None and data.shared > self.share:
            chance = data.whole or data.repeated >= data.shared
            yield self.found(
                "INFO" if chance else "WARN",
                f"{data.shared:.0%} of the {len(evidence.program.validation[0])} validation rows are training "
                "rows too",
                when="before training",
                measured=data.shared,
                limit=self.share,
                evidence={"training rows that repeat": data.repeated},
                remedy="drop duplicates before splitting",
            )
