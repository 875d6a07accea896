from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import ZeroGrad
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("stale-gradients")
@dataclass(frozen=True)
class StaleGradients(Rule):
    """A backward pass adds to gradients that an optimizer step has already used.

    What it sees     at the start of each backward pass: gradients that are not 0, and a step since they were
                     written
    Why it matters   every step repeats all those before it: the steps grow and point where the loss was, not is
    What to try      optimizer.zero_grad() before each backward(). Accumulation over several batches has no step in
                     between, so it is not meant here
    Source           Paszke et al. 2019, "PyTorch": gradients are accumulated by design
    """

    fault = "ZERO_GRAD"
    stage = "gradients"
    explains = (
        "rate-too-high", "rate-too-low", "oscillation", "diverging", "non-finite", "dead-units",
        "saturated-units", "undertrained", "too-small", "vanishing-gradients", "uphill",
    )  # fmt: skip
    example = """
import numpy as np
import chainrule.autograd as torch

x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
faulty = dict(subject=net, X=x, y=x**3, loss=torch.nn.MSELoss(), optimizer=sgd, zero_grad=False)
cured = dict(faulty, zero_grad=True, epochs=100)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.record.stale:
            yield self.found(
                "ERROR",
                "each backward pass adds to gradients that a step has used already: nobody calls zero_grad()",
                when="from step 2",
                measured=float(evidence.record.stale),
                limit=0.0,
                changes=(ZeroGrad(),),
            )
