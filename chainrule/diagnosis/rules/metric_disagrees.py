from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("metric-disagrees")
@dataclass(frozen=True)
class MetricDisagrees(Rule):
    """The program's own metric says something else than the answers do.

    What it sees     the metric of the trained network against the share of right answers, counted by argmax, or by
                     the threshold that fits the output: 0 for logits, 1/2 for probabilities
    Why it matters   a good network is taken for a bad one, or a bad one for good
    What to try      argmax over the classes; a threshold of 0 for logits; labels and outputs of one shape
    Source           PyTorch's documentation of BCEWithLogitsLoss: it takes logits, so a metric must as well
    """

    gap: float = 0.05

    fault = "METRIC_WRONG"
    stage = "loss"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3)).astype("f4")
y = (X[:, :1] + 0.3 * rng.normal(size=(400, 1)) > 0).astype("f4")
network = nn.Sequential(nn.Linear(3, 1))
adam = optim.Adam(network.parameters(), lr=0.05)
program = dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=30)
faulty = dict(program, metric=lambda logits, y: float((logits.argmax(axis=1) == y[:, 0]).mean()))
cured = dict(program, metric=lambda logits, y: float(((logits > 0) == (y > 0.5)).mean()))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        said = evidence.record.epochs[-1].metric if evidence.record.epochs else float("nan")
        right = evidence.right
        if np.isnan(said) or np.isnan(right) or not 0 <= said <= 1:
            return
        if abs(said - right) > self.gap:
            yield self.found(
                "WARN",
                f"the program's metric says {said:.3f} where {right:.3f} of the answers are right",
                when="at the end",
                measured=said,
                limit=right,
                remedy="count answers by argmax over the classes, or by a threshold of 0 for logits, 1/2 for "
                "probabilities",
            )
