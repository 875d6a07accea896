from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import Activation, HiddenLayer, HiddenLayers
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("too-small")
@dataclass(frozen=True)
class TooSmall(Rule):
    """A network that cannot express what its data ask for: no hidden layer, or too few units.

    What it sees     200 steps of Adam on a few rows leave it without their answers, while a plain network with a
                     hidden layer answers even rows it never saw; and the program knows much less than that network
    Why it matters   no training helps: a network without a hidden layer draws one straight line
    What to try      a hidden layer of 64 ReLU units; wider layers
    Source           Minsky & Papert 1969, "Perceptrons"; Cybenko 1989
    """

    narrow: int = 8  # units
    behind: float = 0.3

    fault = "CAPACITY"
    stage = "loss"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).uniform(-1, 1, (300, 2)).astype("f4")
y = (X[:, :1] * X[:, 1:2] > 0).astype("f4")

def program(*layers):
    network = nn.Sequential(*layers)
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=80)

faulty = program(nn.Linear(2, 1))
cured = program(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look = evidence.look
        if look is None or not look.layers or not evidence.behind > self.behind:
            return
        widths = [layer.weight.shape[0] for layer in look.hidden]
        narrow = not widths or min(widths) <= self.narrow
        if not narrow or not evidence.start.one_batch < 0.9:
            return
        what = "no hidden layer" if not widths else f"a hidden layer of {min(widths)} units"
        yield self.found(
            "WARN",
            f"the network has {what} and can't learn even {min(32, evidence.program.rows)} rows by heart (skill "
            f"{evidence.start.one_batch:.2f}); a plain network with 64 units reaches {evidence.plain.fair:.2f}",
            measured=evidence.start.one_batch,
            limit=0.9,
            evidence={"hidden widths": widths, "plain network": evidence.plain.fair},
            changes=(HiddenLayer(64), Activation("relu"), HiddenLayers()),
        )
