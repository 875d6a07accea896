from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("one-label")
@dataclass(frozen=True)
class OneLabel(Rule):
    """All rows, or all but a few, have one and the same target.

    What it sees     a share of 99.5 % or more of one label; a warning where there is no other at all, or where the
                     few others are not found
    Why it matters   a constant answers nearly all rows: there is nothing to learn, and accuracy tells nothing
    What to try      check the filter or join that made the rows; for rare events measure recall and precision
    Source           Chandola, Banerjee & Kumar 2009, "Anomaly detection: a survey"
    """

    share: float = 0.995
    few: int = 5  # rows: of fewer it is chance whether they are found

    fault = "LABEL_DEGENERATE"
    stage = "data"
    explains = (*TRAINING, "class-imbalance", "label-noise", "small-split")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(rows):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X[rows], y=y[rows], loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(y[:, 0] == 1), program(slice(None))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if data.n < 2 or not data.finite:
            return
        if not evidence.task.decides or evidence.task.kind == "labels":
            if not data.y_spread.any():
                yield self._found("WARN", f"the target is {data.y_mean.flat[0]:g} in all {data.n} rows", 1.0)
            return
        if not data.counts:
            return
        name, most = max(data.counts.items(), key=lambda pair: pair[1])
        share = most / data.n
        if share >= self.share:
            says = f"{most:,} of {data.n:,} rows ({share:.1%}) have the label {name:g}"
            alone = most == data.n
            lost = (
                evidence.trained and data.n - most >= self.few and min(evidence.recall.values(), default=1.0) == 0
            )
            yield self._found("WARN" if alone or lost else "INFO", says + ": there is no other" * alone, share)

    def _found(self, severity: str, says: str, share: float) -> Finding:
        return self.found(
            severity, says, when="before training", measured=share, limit=self.share,
            remedy="check the filter or the join that made the rows",
        )  # fmt: skip
