from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import Shuffle
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, well_trained
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("sorted-labels")
@dataclass(frozen=True)
class SortedLabels(Rule):
    """Rows that come sorted by label, in batches of one class.

    What it sees     labels in rising order, no shuffling, and at least two batches in an epoch
    Why it matters   each batch pulls towards its own class and undoes the one before; the last class wins
    What to try      shuffle in every epoch; before cutting validation rows off, too
    Source           Bengio 2012, "Practical recommendations for gradient-based training of deep architectures"
    """

    batches: int = 2

    fault = "TRAIN_SPLIT"
    stage = "data"
    explains = TRAINING

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(900, 2)).astype("f4")
y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 0] - X[:, 1] > 0)
order = np.argsort(y, kind="stable")

def program(shuffle):
    network = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
    sgd = optim.SGD(network.parameters(), lr=0.5)
    return dict(subject=network, X=X[order], y=y[order], shuffle=shuffle, batch_size=10, epochs=6,
                loss=nn.CrossEntropyLoss(), optimizer=sgd)

faulty, cured = program(False), program(True)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        program = evidence.program
        if not evidence.data.sorted_labels or program.shuffle or program.steps_an_epoch < self.batches:
            return
        if program.before_epoch is not None:  # it may shuffle
            return
        yield self.found(
            "INFO" if well_trained(evidence) else "WARN",
            f"the rows are sorted by label and not shuffled: most of the {program.steps_an_epoch} batches of an "
            "epoch "
            "hold one class",
            when="in every epoch",
            evidence={"rows by class": evidence.data.counts, "batch size": program.batch_size},
            changes=(Shuffle(),),
        )
