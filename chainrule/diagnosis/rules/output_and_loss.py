from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import OutputAndLoss
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._pairs import judged
from chainrule.diagnosis.rules._reading import TRAINING, outputs
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("output-and-loss")
@dataclass(frozen=True)
class OutputAndLossRule(Rule):
    """The last activation, the loss and the targets don't go together.

    What it sees     what the loss takes (logits, probabilities, their logarithms, values), what the output gives,
                     and what the target asks for; on the probe rows, how many outputs the loss has no use for
    Why it matters   a loss of probabilities is infinite or flat outside (0, 1); a softmax taken twice can't get
                     below log(1 + (k - 1)/e), 1.46 for ten classes; entropies of a regression target have no lower
                     bound
    What to try      no activation after the last layer and a loss of logits: cross-entropy for one of k classes,
                     binary cross-entropy for yes or no, or for several labels; squared error for values
    Source           Bishop 2006, section 5.2; Goodfellow, Bengio & Courville 2016, section 6.2.2
    """

    outside: float = 0.005  # share of outputs

    fault = "OUT_LOSS_PAIR"
    stage = "output"
    explains = (*TRAINING, "output-range", "initial-scale", "class-imbalance")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(last):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), last)
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(nn.Sigmoid()), program(nn.Identity())
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        out = outputs(evidence)
        if out is None or evidence.look is None or not evidence.look.layers or not np.isfinite(out).all():
            return
        pair = judged(evidence, out, self.outside)
        if pair is not None:
            severity, says, figures = pair
            yield self.found(
                severity,
                says,
                where=evidence.look.last.where,
                when="before training",
                measured=figures.get("outside"),
                limit=self.outside if "outside" in figures else None,
                evidence={"loss": evidence.loss.name, "output": evidence.output or "no activation", **figures},
                changes=(OutputAndLoss(),),
            )
