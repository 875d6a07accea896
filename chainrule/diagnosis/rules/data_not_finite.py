from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import FiniteRows
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("data-not-finite")
@dataclass(frozen=True)
class DataNotFinite(Rule):
    """A NaN or an infinity among the features or targets.

    What it sees     every number of X and y, before training; the first that is not finite, by row and column
    Why it matters   one such number makes the loss of its batch NaN, and by the next step every weight
    What to try      leave such rows out, or put in the column's mean and a column that says so; look how they came
    Source           Little & Rubin 2019, "Statistical analysis with missing data"
    """

    numbers: int = 0

    fault = "NAN_INF"
    stage = "data"
    explains = (*TRAINING, "label-noise", "label-encoding", "output-range", "target-scale", "input-scale",
                "wrong-gradient")  # fmt: skip

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")
holes = X.copy()
holes[17, 1] = np.nan

def program(X):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(holes), program(X)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if data.finite or data.first_bad is None:
            return
        of, row, column = data.first_bad
        bad = sum(
            int((~np.isfinite(np.asarray(v, np.float64))).sum()) for v in (evidence.program.X, evidence.program.y)
        )
        yield self.found(
            "ERROR",
            f"{bad:,} numbers of the data are NaN or infinite; the first is in {of}, row {row}, column {column}",
            where=f"{of}[{row}, {column}]",
            when="before training",
            measured=float(bad),
            limit=float(self.numbers),
            changes=(FiniteRows(),),
        )
