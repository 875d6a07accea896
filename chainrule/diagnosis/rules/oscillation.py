from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import BatchSize, LearningRate
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("oscillation")
@dataclass(frozen=True)
class Oscillation(Rule):
    """A loss that jumps up and down from epoch to epoch on the same rows, and gets no lower.

    What it sees     the loss after each epoch on a fixed set of rows, so without the noise of batches, over the
                     last two thirds: more than 55 % of its changes reverse the one before, the typical one is
                     over 20 % of the loss and 5 % of that of the best constant, or 0.08 of skill, and there is
                     no trend downwards
    Why it matters   what is learned in one epoch is undone in the next; where it stops is luck
    What to try      a tenth of the learning rate; larger batches; a schedule that ends small
    Source           Bottou, Curtis & Nocedal 2018, "Optimization methods for large-scale machine learning"
    """

    least: int = 8  # epochs
    reversals: float = 0.55
    size: float = 0.2
    of_constant: float = 0.05
    of_skill: float = 0.08

    fault = "OSCILLATION"
    stage = "loss"
    explains = ("undertrained",)

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) + rng.normal(size=(150, 1)) > 0).astype("f4")

def program(rate, rows):
    network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    sgd = optim.SGD(network.parameters(), lr=rate)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=sgd, batch_size=rows, epochs=24)

faulty, cured = program(2.0, 1), program(0.3, 30)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        epochs = evidence.record.epochs[len(evidence.record.epochs) // 3 :]
        losses = np.array([epoch.loss for epoch in epochs])
        if len(losses) < self.least or not np.isfinite(losses).all() or not evidence.constant > 0:
            return
        change = np.diff(losses)
        reversals = float(np.mean(change[1:] * change[:-1] < 0))
        size = float(np.median(np.abs(change)))
        half = len(losses) // 2
        falling = losses[half:].mean() < losses[:half].mean() - 2 * losses.std() / half**0.5
        typical = float(np.median(losses))
        jump = float(np.median(np.abs(np.diff([epoch.skill for epoch in epochs]))))
        large = size > max(self.size * typical, self.of_constant * evidence.constant) or jump > self.of_skill
        if reversals <= self.reversals or falling or not large:
            return
        yield self.found(
            "WARN",
            f"the loss on the same rows jumps from epoch to epoch, by {size:.2g} at a level of {typical:.2g} "
            f"(skill by {jump:.2g}), and gets no lower",
            when=f"the last {len(losses)} epochs",
            measured=size / typical if typical else None,
            limit=self.size,
            evidence={"reversals": reversals, "batch size": evidence.program.batch_size},
            changes=(LearningRate(factor=0.1), BatchSize(32)),
        )
