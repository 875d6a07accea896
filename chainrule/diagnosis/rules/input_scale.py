from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.changes import StandardizeInputs
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("input-scale")
@dataclass(frozen=True)
class InputScale(Rule):
    """Features far from mean 0 and spread 1, or of very different spreads.

    What it sees     of what the first layer takes: its rms above 20 or below 0.02, as the first layer's weights
                     see it; one column's spread above 100 times the median column's; above 99 % of it the same for
                     every row. Only where much less is learned than the data allow, or by the first measure and
                     nothing
    Why it matters   large features saturate or kill the first layer and make the loss steep in their weights and
                     flat in all others: no learning rate suits both
    What to try      X = (X - X.mean(axis=0)) / X.std(axis=0), with the training rows' mean and spread for all rows
    Source           LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.3
    """

    large: float = 20.0
    small: float = 0.02
    unequal: float = 100.0
    offset: float = 0.99

    fault = "INPUT_SCALE"
    stage = "scale"
    explains = (*TRAINING, "initial-scale")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 3)).astype("f4")
y = (X[:, :1] * X[:, 1:2] > 0).astype("f4")
raw = X * np.array([1, 1, 3000], "f4")

def program(X):
    network = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=30)

faulty, cured = program(raw), program(X)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look = evidence.look
        if look is None or not look.layers or not evidence.data.finite or not evidence.lagging:
            return
        first = look.layers[0]
        x = np.asarray(first.x, np.float64).reshape(-1, first.weight.shape[1])
        if len(x) < 2 or not np.isfinite(x).all():
            return
        spread, mean = x.std(axis=0), x.mean(axis=0)
        moving = spread > 0
        if not moving.any():
            return
        strength = (first.weight.astype(np.float64) ** 2).sum(axis=0)  # of each feature, (d_in,)
        felt = float(np.sqrt((strength * (spread**2 + mean**2)).sum() / strength.sum())) if strength.any() else 1.0
        ratio = float(spread.max() / np.median(spread[moving]))
        same = float((strength * mean**2).sum() / max((strength * (spread**2 + mean**2)).sum(), 1e-300))
        worst = np.argsort(-np.hypot(spread, mean))[:3]
        if (felt > self.large or felt < self.small) and not first.normalized:
            says, measured, limit = f"the inputs are {felt:.3g} in size where about 1 is meant", felt, self.large
        elif ratio > self.unequal and moving.sum() > 1:
            i = int(spread.argmax())
            says = (
                f"feature {i} has {ratio:.3g} times the spread of the median feature: the others are lost "
                "beside it"
            )
            measured, limit = ratio, self.unequal
        elif same > self.offset and not first.normalized:
            says = f"{same:.1%} of what the first layer takes is the same in every row"
            measured, limit = same, self.offset
        else:
            return
        yield self.found(
            "WARN",
            f"{says}; largest: {_words(worst, mean, spread)}",
            where=first.where,
            when="before training",
            measured=measured,
            limit=limit,
            evidence={"size": felt, "spread ratio": ratio, "share that is constant": same},
            changes=(StandardizeInputs(),),
        )


def _words(columns: Array, mean: Array, spread: Array) -> str:
    return ", ".join(f"column {i} is {mean[i]:.3g} ± {spread[i]:.2g}" for i in columns)
