from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import KeepPairs
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("parted-pairs")
@dataclass(frozen=True)
class PartedPairs(Rule):
    """Features and labels are shuffled apart: a row has another label in the next epoch.

    What it sees     rows of the second epoch, found again by their numbers, whose target was another one in the
                     first
    Why it matters   the labels are noise: the best that can be learned is their average
    What to try      shuffle features and labels by one and the same order
    Source           Northcutt, Athalye & Mueller 2021, "Pervasive label errors": what wrong labels do
    """

    share: float = 0.1

    fault = "DATA_WRONG_PAIR"
    stage = "data"
    explains = (
        "label-noise", "undertrained", "rate-too-low", "rate-too-high", "overfitting", "too-small", "oscillation",
        "vanishing-gradients", "dead-units",
    )  # fmt: skip

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 4)).astype("f4")
network = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
adam = optim.Adam(network.parameters(), lr=0.01)

def shuffled_apart(X, y, rng):
    return X[rng.permutation(len(X))], y

cured = dict(subject=network, X=X, y=X[:, :1] + X[:, 1:2], loss=nn.MSELoss(), optimizer=adam, epochs=20)
faulty = dict(cured, before_epoch=shuffled_apart)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        parted = evidence.record.parted
        if parted > self.share:
            yield self.found(
                "ERROR",
                f"{parted:.0%} of the rows have another target in the second epoch than in the first: features "
                "and labels are shuffled apart",
                when="from epoch 2",
                measured=parted,
                limit=self.share,
                changes=(KeepPairs(),),
            )
