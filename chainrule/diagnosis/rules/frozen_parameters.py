from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import AllParameters
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("frozen-parameters")
@dataclass(frozen=True)
class FrozenParameters(Rule):
    """Parameters that have a gradient and never move: the optimizer doesn't know them.

    What it sees     ten steps after the start, parameters with a gradient that is not 0 and not a bit changed
    Why it matters   part of the network stays as it was drawn
    What to try      give the optimizer all parameters, after the network is complete; a learning rate that is
                     not 0. To freeze on purpose, say requires_grad_(False)
    Source           PyTorch's documentation of torch.optim
    """

    fault = "OPTIMIZER"
    stage = "learning rate"
    explains = ("undertrained", "rate-too-low", "vanishing-gradients", "too-small")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 4)).astype("f4")
network = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
program = dict(subject=network, X=X, y=X[:, :1] * X[:, 1:2], loss=nn.MSELoss(), epochs=40)
faulty = dict(program, optimizer=optim.Adam(network[2].parameters(), lr=0.01))
cured = dict(program, optimizer=optim.Adam(network.parameters(), lr=0.01))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        names = evidence.record.unchanged
        if names:
            yield self.found(
                "WARN",
                f"{len(names)} parameters have gradients and don't move in ten steps: {', '.join(names[:5])}",
                where=names[0],
                when="by step 10",
                measured=float(len(names)),
                limit=0.0,
                changes=(AllParameters(),),
            )
