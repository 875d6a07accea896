from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("small-split")
@dataclass(frozen=True)
class SmallSplit(Rule):
    """Too few rows to learn from, or to judge by.

    What it sees     fewer than 10 training rows; a batch larger than all of them; fewer than 2 validation rows of
                     a class
    Why it matters   what is measured on so few rows is chance: one row more or less right changes all
    What to try      more rows; cross-validation instead of one split. Tables of truth are as small as they are
    Source           Kohavi 1995, "A study of cross-validation and bootstrap"
    """

    rows: int = 10
    held: int = 2  # of each class

    fault = "TRAIN_SPLIT"
    stage = "data"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(n):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X[:n], y=y[:n], loss=nn.BCEWithLogitsLoss(), optimizer=adam,
                batch_size=8, epochs=20)

faulty, cured = program(6), program(200)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        program, held = evidence.program, evidence.data.held_counts
        says = []
        if program.rows < self.rows:
            says.append(f"there are {program.rows} training rows")
        elif program.batch_size > program.rows:
            says.append(f"a batch of {program.batch_size} is more than all {program.rows} rows: one step an epoch")
        names = [name for name in evidence.data.counts if held.get(name, 0) < self.held] if held else []
        if names:
            says.append(
                f"{len(names)} of {len(evidence.data.counts)} classes have fewer than {self.held} validation rows"
            )
        if says:
            yield self.found(
                "INFO",
                "; ".join(says),
                when="before training",
                measured=float(program.rows),
                limit=float(self.rows),
            )
