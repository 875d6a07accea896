from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import StandardizeTarget
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, outputs, reach
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("target-scale")
@dataclass(frozen=True)
class TargetScale(Rule):
    """Values to predict that are far larger than what the network gives at the start.

    What it sees     mean or spread of the target above 30 times the size of the first outputs (at least 1), under
                     an output without upper end; only where much less is learned than the data allow
    Why it matters   the weights have a long way to go, and the gradient grows with the error: steps that suit the
                     weights never arrive, larger ones blow up
    What to try      y = (y - y.mean()) / y.std(), and turn predictions back; or a TransformedTargetRegressor
    Source           Bishop 1995, "Neural Networks for Pattern Recognition", section 8.2
    """

    times: float = 30.0

    fault = "TARGET_SCALE"
    stage = "scale"
    explains = (*TRAINING, "initial-scale", "summed-loss")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = 5000 + 1000 * X[:, :1] * X[:, 1:]

def program(y):
    network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=adam, epochs=60)

faulty, cured = program(y), program((y - y.mean()) / y.std())
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        out, ends, data = outputs(evidence), reach(evidence), evidence.data
        if out is None or ends is None or ends[1] < float("inf") or evidence.task.decides or not evidence.lagging:
            return
        if evidence.loss.about_classes or not data.finite:
            return
        start = max(float(np.sqrt(np.mean(out**2))), 1.0)
        size = float(max(np.abs(data.y_mean).max(), data.y_spread.max()))
        if not size > self.times * start:
            return
        yield self.found(
            "WARN",
            f"the target is {data.y_mean.flat[0]:.3g} ± {data.y_spread.flat[0]:.2g}, the first outputs are about "
            f"{np.sqrt(np.mean(out**2)):.2g} in size: {size / start:.3g} times too small",
            where=evidence.look.last.where if evidence.look is not None and evidence.look.layers else "",
            when="before training",
            measured=size / start,
            limit=self.times,
            evidence={"first loss": evidence.start.loss, "target's spread": data.y_spread},
            changes=(StandardizeTarget(),),
        )
