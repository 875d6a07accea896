from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import Minimize, TurnLoss
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, well_trained
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("uphill")
@dataclass(frozen=True)
class Uphill(Rule):
    """Training that climbs: steps along the gradient, or a loss that is least where answers are wrong.

    What it sees     the cosine between the first step and the negative gradient, below -0.3; or a loss that is
                     larger for the targets themselves than for the best constant
    Why it matters   every step makes the answers worse
    What to try      theta - lr grad, not plus; maximize=False; the sign of the loss
    Source           Cauchy 1847, "Méthode générale pour la résolution des systèmes d'équations simultanées"
    """

    cosine: float = -0.3
    margin: float = 0.01

    fault = "GRAD_SIGN"
    stage = "gradients"
    explains = tuple(sorted({*TRAINING, "initial-scale", "input-scale", "target-scale"} - {"uphill"}))

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = X[:, :1] * X[:, 1:]

def program(maximize):
    network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01, maximize=maximize)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=adam, epochs=40)

faulty, cured = program(True), program(False)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        start = evidence.start
        severity = "INFO" if well_trained(evidence) else "ERROR"
        if start.downhill < self.cosine:
            yield self.found(
                severity,
                f"the first step goes up: its cosine with the way down is {start.downhill:.2f}",
                where="optimizer",
                when="step 1",
                measured=start.downhill,
                limit=self.cosine,
                changes=(Minimize(),),
            )
        elif evidence.perfect > evidence.constant + self.margin * abs(evidence.constant):
            yield self.found(
                severity,
                f"the loss of the right answers is {evidence.perfect:.4g}, that of a constant "
                f"{evidence.constant:.4g}: it "
                "falls as answers get worse",
                where="loss",
                when="before training",
                measured=evidence.perfect,
                limit=evidence.constant,
                changes=(TurnLoss(),),
            )
