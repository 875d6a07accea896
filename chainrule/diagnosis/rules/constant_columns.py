from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("constant-columns")
@dataclass(frozen=True)
class ConstantColumns(Rule):
    """Features that are the same in every row.

    What it sees     columns without spread. An error where all are so: every row is the same
    Why it matters   they tell nothing, and their weights only do a bias' work; scaling them divides by 0
    What to try      leave them out. At the border of images they do no harm
    Source           Kuhn & Johnson 2013, "Applied predictive modeling", section 3.5
    """

    columns: int = 0

    fault = "INPUT_SCALE"
    stage = "data"
    explains = (*TRAINING, "label-noise", "conflicting-rows", "parted-pairs", "initial-scale")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(X):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(np.zeros_like(X)), program(X)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if data.n < 2 or not data.finite:
            return
        same = np.flatnonzero(data.low == data.high)
        if len(same) <= self.columns:
            return
        every = len(same) == data.d and data.y_spread.any()
        listed = ", ".join(str(i) for i in same[:5]) + (", ..." if len(same) > 5 else "")
        yield self.found(
            "ERROR" if every else "INFO",
            f"all {data.n} rows have the same features" if every
            else f"{len(same)} of {data.d} features are the same in every row: columns {listed}",
            when="before training",
            measured=float(len(same)),
            limit=float(self.columns),
            remedy="look how the features were read" if every else "leave them out",
        )  # fmt: skip
