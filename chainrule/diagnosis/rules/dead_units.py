from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Activation, Initialize, LearningRate, Normalize
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("dead-units")
@dataclass(frozen=True)
class DeadUnits(Rule):
    """Units that no row of a fixed probe set has switched on at three checks running.

    What it sees     the largest pre-activation of each unit over the probe rows, at every check
    Why it matters   a ReLU unit that is always off has gradient 0: it never comes back
    What to try      a smaller learning rate; He initialization; leaky_relu
    Source           Lu et al. 2019, "Dying ReLU and Initialization"
    """

    share: float = 0.4
    checks: int = 3

    fault = "DEAD_RELU"
    stage = "activations"
    explains = ("vanishing-gradients", "rate-too-low", "undertrained", "too-small")

    example = """
import numpy as np
from chainrule.autograd import nn, no_grad, optim

X = np.random.default_rng(0).normal(size=(300, 5)).astype("f4")

def program(bias):
    network = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
    with no_grad():
        network[0].bias.fill_(bias)
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=X[:, :1] * X[:, 1:2], loss=nn.MSELoss(), optimizer=adam, epochs=40)

faulty, cured = program(-50.0), program(0.0)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        last = evidence.record.checks[-self.checks :]
        if len(last) < self.checks or evidence.end is None:
            return
        found = []
        for i, layer in enumerate(evidence.end.layers):
            dead = np.logical_and.reduce([check.dead_units[i] for check in last])
            share = float(dead.mean())
            if share > self.share and (evidence.ill or (share == 1 and not evidence.hopeless)):
                first = next(check.t for check in evidence.record.checks if check.dead[i] > self.share)
                found.append((first, i, layer, int(dead.sum()), dead.size))
        if not found:
            return
        first, _, layer, dead, units = min(found, key=lambda each: each[:2])
        more = f", and units of {len(found) - 1} other layers" if len(found) > 1 else ""
        all_dead = any(d == n for *_, d, n in found)
        yield self.found(
            "ERROR" if all_dead else "WARN",
            f"{dead} of {units} units of {layer.where} are off for every row and can't come back{more}",
            where=layer.where,
            when="before training" if first == 0 else f"by step {first}",
            measured=max(d / n for *_, d, n in found),
            limit=self.share,
            evidence={
                "dead by layer": {each.where: f"{d} of {n}" for _, _, each, d, n in found},
                "learning rate": evidence.program.learning_rate,
            },
            changes=(Initialize("he"), Activation("leaky_relu"), LearningRate(factor=0.1), Normalize()),
        )
