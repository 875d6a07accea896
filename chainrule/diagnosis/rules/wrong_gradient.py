from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, well_trained
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("wrong-gradient")
@dataclass(frozen=True)
class WrongGradient(Rule):
    """Backward gives another derivative than the loss has.

    What it sees     weights of each layer moved by 1e-5 in float64, both ways: the loss' difference is off
                     backward's derivative by more than 1e-3 of it. Weights at a kink are left out; dropout is off
    Why it matters   the steps follow another function than the loss
    What to try      the formula of the layer or loss written by hand; a detach() that cuts a path off. A straight-
                     through estimator does this on purpose
    Source           Bengio 2012, "Practical recommendations for gradient-based training", section on checking
                     gradients
    """

    error: float = 1e-3

    fault = "GRAD_SIGN"
    stage = "gradients"
    explains = TRAINING

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = X[:, :1] * X[:, 1:]

class Network(nn.Module):
    def __init__(self, wrong):
        super().__init__()
        self.inner, self.outer, self.wrong = nn.Linear(2, 32), nn.Linear(32, 1), wrong

    def forward(self, x):
        a = self.inner(x).relu()
        return self.outer(2 * a.detach() - a if self.wrong else a)  # the same values, a derivative of -1

def program(wrong):
    network = Network(wrong)
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=adam, epochs=30)

faulty, cured = program(True), program(False)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        start = evidence.start
        if not start.checked > self.error:
            return
        yield self.found(
            "INFO" if well_trained(evidence) else "ERROR",
            f"backward's derivative at {start.checked_at} is off by {start.checked:.1%} of what differences of "
            "the loss "
            "give",
            where=start.checked_at,
            when="before training",
            measured=start.checked,
            limit=self.error,
            remedy="correct the derivative, or the detach() that cuts a path off",
        )
