from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import MeanReduction
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule

SCALE_FREE = ("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop")


@RULES.register("summed-loss")
@dataclass(frozen=True)
class SummedLoss(Rule):
    """A loss that adds the rows of a batch up instead of taking their mean.

    What it sees     a batch given twice has twice the loss, within 5 %. A warning where little is learned and the
                     optimizer's steps grow with the gradient: Adam's and its kin's don't
    Why it matters   the learning rate is multiplied by the batch size: 0.01 with 32 rows steps like 0.32
    What to try      the mean; or the rate over the batch size
    Source           Goyal et al. 2017, "Accurate, large minibatch SGD"
    """

    within: float = 0.05

    fault = "LOSS_REDUCTION"
    stage = "output"
    explains = TRAINING

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = X[:, :1] * X[:, 1:]

def program(reduction):
    network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    sgd = optim.SGD(network.parameters(), lr=0.1)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(reduction=reduction), optimizer=sgd, epochs=60)

faulty, cured = program("sum"), program("mean")
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        program, twice = evidence.program, evidence.start.doubled
        doubles = abs(twice - 2) <= 2 * self.within
        if not (doubles or evidence.loss.reduction == "sum") or program.batch_size == 1:
            return
        kind = type(program.optimizer).__name__
        batch = min(program.batch_size, program.rows)
        scaled = kind not in SCALE_FREE
        yield self.found(
            "WARN" if evidence.ill and scaled else "INFO",
            f"the loss adds rows up: given a batch twice it is {twice:.3g} times as large. With {batch} rows a "
            "batch the "
            f"learning rate {program.learning_rate:g} steps like {program.learning_rate * batch:.3g} of a mean"
            + f"; {kind} scales that away"
            * (not scaled),
            where="loss",
            when="every step",
            measured=twice,
            limit=2 * (1 - self.within),
            evidence={"batch": batch, "learning rate of the mean": program.learning_rate * batch},
            changes=(MeanReduction(),),
        )
