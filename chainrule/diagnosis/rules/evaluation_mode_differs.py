from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("evaluation-mode-differs")
@dataclass(frozen=True)
class EvaluationModeDiffers(Rule):
    """A network that knows its rows in training mode and not in evaluation mode.

    What it sees     skill on the same rows in both modes: at least 0.3 less in evaluation mode
    Why it matters   what is deployed runs in evaluation mode: running averages of batch normalization that have
                     not settled, or a dropout that is scaled the wrong way round
    What to try      more steps, a larger momentum of the averages, batches of more rows
    Source           Ioffe & Szegedy 2015, "Batch normalization"
    """

    gap: float = 0.3

    fault = "METRIC_WRONG"
    stage = "loss"
    explains = ("oscillation", "undertrained", "rate-too-low", "overfitting")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = (8 + 3 * np.random.default_rng(0).normal(size=(400, 6))).astype("f4")

def program(momentum):
    parts = nn.Linear(6, 32), nn.BatchNorm1d(32, momentum=momentum), nn.ReLU(), nn.Linear(32, 1)
    network = nn.Sequential(*parts)
    adam = optim.Adam(network.parameters(), lr=0.01)
    y = (X[:, :1] > X[:, 1:2]).astype("f4")
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=20)

faulty, cured = program(1e-5), program(0.1)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        gap = evidence.training_mode - evidence.train.skill
        if gap >= self.gap and evidence.training_mode > 0.3:
            yield self.found(
                "WARN",
                f"in evaluation mode the skill is {evidence.train.skill:.2f}, in training mode "
                f"{evidence.training_mode:.2f}, on the same rows",
                measured=gap,
                limit=self.gap,
                remedy="train longer, so that the running averages settle; batches of at least 16 rows",
            )
