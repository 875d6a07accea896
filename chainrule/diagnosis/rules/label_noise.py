from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import LEARNED, Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("label-noise")
@dataclass(frozen=True)
class LabelNoise(Rule):
    """Labels that no network can foretell from these features.

    What it sees     a plain network learns the rows it is shown and knows nothing of rows held out: its skill
                     there is not above 0 by two standard errors; the program itself does no better
    Why it matters   there is nothing to learn, whatever the network
    What to try      look at how features and labels were joined; at how labels were made; at features that are
                     missing
    Source           Zhang et al. 2017, "Understanding deep learning requires rethinking generalization"
    """

    rows: int = 200
    common: float = 0.9  # share of one label; beyond it skill on a few rows says little
    rows_a_feature: float = 5.0  # fewer are learned by heart even where there is something to learn

    fault = "LABEL_NOISE"
    stage = "data"
    explains = ("undertrained", "rate-too-low", "overfitting", "too-small", "oscillation")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4)).astype("f4")

def program(y):
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=20)

faulty = program(rng.integers(0, 2, (400, 1)).astype("f4"))
cured = program((X[:, :1] > 0).astype("f4"))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        plain = evidence.plain
        held = min(evidence.program.rows, 2000) // 4
        rows = min(evidence.program.rows, 2000)
        if rows < max(self.rows, self.rows_a_feature * evidence.data.d) or not plain.unseen <= 2 / held**0.5:
            return
        common = max(evidence.data.counts.values(), default=0) / max(evidence.data.n, 1)
        if common > self.common or evidence.validation.skill > 2 / held**0.5 or evidence.task.auto:
            return
        yield self.found(
            "WARN" if not evidence.skilled >= LEARNED or evidence.own.unseen <= 0.05 else "INFO",
            f"nothing in the features tells the labels: a plain network has skill {plain.seen:.2f} on the rows "
            f"it is shown and {plain.unseen:.2f} on {held} held out",
            measured=plain.unseen,
            limit=2 / held**0.5,
            remedy="look at how features and labels were joined, and at how the labels were made",
        )
