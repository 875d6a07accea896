from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import guard, problem
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("target-in-features")
@dataclass(frozen=True)
class TargetInFeatures(Rule):
    """A feature that is the target itself.

    What it sees     a column of X equal to y in every row, beside others. The targets as the features of a wide
                     network, which is an autoencoder or a mix-up, are only remarkable
    Why it matters   the network copies it and looks perfect; where it is used, the answer isn't known yet
    What to try      leave the column out, and those made from it
    Source           Kaufman, Rosset & Perlich 2012, "Leakage in data mining"
    """

    columns: int = 2  # at least
    rows: int = 20  # different ones; of fewer a feature may be the target by chance

    fault = "DATA_WRONG_PAIR"
    stage = "data"
    explains = ("overfitting",)

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 3)).astype("f4")
y = X[:, :1] * X[:, 1:2]

def program(X):
    network = nn.Sequential(nn.Linear(X.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=adam, epochs=40)

faulty, cured = program(np.hstack([X, y])), program(X)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        data = evidence.data
        if guard(evidence) == "target-in-features":
            yield self.found("WARN", " ".join(str(problem(evidence)).split()), when="before training")
        elif evidence.task.auto and evidence.look is not None:
            narrow = min((layer.weight.shape[0] for layer in evidence.look.hidden), default=data.d)
            if narrow >= data.d:
                says = f"the targets are the features themselves, and no layer is narrower than their {data.d}"
                yield self.found("INFO", says, when="before training")
        elif data.copied is not None and data.d >= self.columns and data.distinct_rows >= self.rows:
            yield self.found(
                "WARN",
                f"feature {data.copied} is the target itself, in all {data.n} rows",
                where=f"X[:, {data.copied}]",
                when="before training",
                remedy="leave the feature out",
            )
