from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import NoRegularization
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("strong-regularization")
@dataclass(frozen=True)
class StrongRegularization(Rule):
    """Dropout or weight decay so strong that the network may not learn.

    What it sees     the same training without dropout, decay and penalties has at least 0.3 more skill on its rows
    Why it matters   regularization is to keep a network from learning too much, not from learning
    What to try      a decay of 1e-4 or less; dropout of 0.2; none, until the network overfits
    Source           Srivastava et al. 2014, "Dropout"; Krogh & Hertz 1992, "A simple weight decay"
    """

    gain: float = 0.3

    fault = "REG_TOO_STRONG"
    stage = "loss"
    explains = (
        "undertrained", "rate-too-low", "too-small", "vanishing-gradients", "saturated-units", "dead-units",
        "overfitting",
    )  # fmt: skip

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 4)).astype("f4")

def program(decay):
    network = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01, weight_decay=decay)
    return dict(subject=network, X=X, y=X[:, :1] - X[:, 1:2], loss=nn.MSELoss(), optimizer=adam, epochs=30)

faulty, cured = program(3.0), program(1e-5)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        gain = evidence.free - max(evidence.train.skill, 0.0)
        if gain >= self.gain:
            yield self.found(
                "WARN",
                f"without dropout, decay and penalties the same training reaches skill {evidence.free:.2f} "
                f"instead of {evidence.train.skill:.2f}",
                measured=gain,
                limit=self.gain,
                changes=(NoRegularization(),),
            )
