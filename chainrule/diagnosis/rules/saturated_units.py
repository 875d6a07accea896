from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Activation, Initialize, StandardizeInputs
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("saturated-units")
@dataclass(frozen=True)
class SaturatedUnits(Rule):
    """Hidden sigmoid or tanh units pressed against their ends, where the derivative is almost 0.

    What it sees     the derivative of each unit's activation below a hundredth of its largest on more than 90 %
                     of the probe rows; more than half of a layer's units so, while little is learned
    Why it matters   no gradient passes through them: they and all before them stop learning
    What to try      inputs of spread 1; Glorot initialization; ReLU
    Source           Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward networks"
    """

    share: float = 0.5
    checks: int = 2

    fault = "SATURATION"
    stage = "activations"
    explains = ("vanishing-gradients", "undertrained", "rate-too-low")

    example = """
import numpy as np
from chainrule.autograd import nn, no_grad, optim

X = np.random.default_rng(0).normal(size=(300, 8)).astype("f4")

def program(times):
    network = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
    with no_grad():
        network[0].weight.mul_(times)
        network[0].bias.fill_(times - 1)
    sgd = optim.SGD(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=X[:, :1] * X[:, 1:2], loss=nn.MSELoss(), optimizer=sgd, epochs=40)

faulty = program(60.0)
cured = dict(program(1.0), epochs=500)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        checks = evidence.record.checks
        if not evidence.ill or len(checks) < self.checks or evidence.end is None:
            return
        for i, layer in enumerate(evidence.end.hidden):
            share = float(np.median([check.saturated[i] for check in checks[-self.checks :]]))
            if share <= self.share:
                continue
            first = next((check.t for check in checks if check.saturated[i] > self.share), checks[-1].t)
            yield self.found(
                "WARN",
                f"{share:.0%} of the units of {layer.where} are saturated on nearly all rows (rms of z "
                f"{checks[-1].z[i]:.3g})",
                where=layer.where,
                when="before training" if first == 0 else f"by step {first}",
                measured=share,
                limit=self.share,
                changes=(StandardizeInputs(), Initialize("xavier"), Activation("relu")),
            )
