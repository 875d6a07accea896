from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import LearningRate, OutputAndLoss, StandardizeInputs
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("non-finite")
@dataclass(frozen=True)
class NonFinite(Rule):
    """A number that is none: NaN or infinity in the loss, the gradients or the weights.

    What it sees     the first value that is not finite, by replaying its step: phase, layer, row, and what came
                     before
    Why it matters   from there on everything is NaN, and nothing is learned any more
    What to try      a loss of logits instead of a logarithm of probabilities; a smaller rate; scaled features
    Source           Goodfellow, Bengio & Courville 2016, 4.1 "Overflow and underflow"
    """

    fault = "NAN_INF"
    stage = "gradients"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).poisson(3, (200, 4)).astype("f4")

class Logarithm(nn.Module):
    def forward(self, x):
        return x.log()

class Shifted(nn.Module):
    def forward(self, x):
        return x.log1p()

def program(scale):
    network = nn.Sequential(scale(), nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=np.log1p(X[:, :1]), loss=nn.MSELoss(), optimizer=adam, epochs=30)

faulty, cured = program(Logarithm), program(Shifted)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        born = evidence.record.born
        if born is None:
            return
        figures = ", ".join(f"{name} {value:.3g}" for name, value in born.before.items())
        row = "" if born.row is None else f", row {born.row}"
        yield self.found(
            "ERROR",
            f"the first number that is not finite came up in step {born.t}, {born.phase}: {born.where}{row}"
            + (f" ({figures})" if figures else ""),
            where=born.where,
            when=f"step {born.t}",
            measured=float(born.t),
            evidence={"phase": born.phase, "row": born.row, **born.before},
            changes=(OutputAndLoss(), LearningRate(factor=0.1), LearningRate(factor=0.01), StandardizeInputs()),
        )
