from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("unseen-classes")
@dataclass(frozen=True)
class UnseenClasses(Rule):
    """Validation rows of classes that training never sees: sorted rows cut at the end, not drawn.

    What it sees     above 1 % of the validation rows with a label that no training row has; or one label in all of
                     20 or more validation rows, where training has several
    Why it matters   validation can't get right what nobody taught, or tells nothing of the other classes
    What to try      shuffle before splitting; draw as many of each class (a stratified split)
    Source           Kohavi 1995, "A study of cross-validation and bootstrap"
    """

    share: float = 0.01
    rows: int = 20

    fault = "TRAIN_SPLIT"
    stage = "data"
    explains = ("overfitting", "metric-disagrees")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 0] - X[:, 1] > 0)

def program(order):
    network = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
    adam = optim.Adam(network.parameters(), lr=0.05)
    learn, held = order[:220], order[220:]
    return dict(subject=network, X=X[learn], y=y[learn], validation=(X[held], y[held]),
                loss=nn.CrossEntropyLoss(), optimizer=adam)

faulty, cured = program(np.argsort(y)), program(np.arange(300))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        here, held = evidence.data.counts, evidence.data.held_counts
        total = sum(held.values())
        if not total or len(here) < 2:
            return
        unseen = sum(n for name, n in held.items() if name not in here) / total
        if unseen > self.share:
            names = ", ".join(f"{name:g}" for name in sorted(held.keys() - here.keys())[:5])
            says = f"{unseen:.0%} of the {total} validation rows are of classes that no training row has: {names}"
        elif len(held) == 1 and total >= self.rows and max(here.values()) < 0.9 * sum(here.values()):
            says = (
                f"all {total} validation rows are of class {next(iter(held)):g}; training has {len(here)} classes"
            )
        else:
            return
        yield self.found(
            "WARN", says, when="before training", measured=unseen, limit=self.share,
            evidence={"training": here, "validation": held}, remedy="shuffle before splitting",
        )  # fmt: skip
