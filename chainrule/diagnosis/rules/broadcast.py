from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import OutputAndLoss, ReshapeTarget
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, guard, problem
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("broadcast")
@dataclass(frozen=True)
class Broadcast(Rule):
    """Prediction and target of different shapes that NumPy's rules stretch to fit each other.

    What it sees     the two shapes: broadcast they have more numbers than either, so each prediction is compared
                     with every target; or one target column is compared with every output
    Why it matters   (n, 1) against (n,) is n by n: the best prediction is the mean target for every row
    What to try      y.reshape(-1, 1) before training, or output.squeeze(1); as many outputs as targets
    Source           Harris et al. 2020, "Array programming with NumPy": broadcasting
    """

    more: int = 0  # numbers

    fault = "SHAPE_BROADCAST"
    stage = "shapes"
    explains = (*TRAINING, "output-range", "target-scale", "label-noise", "input-scale")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = X[:, 0] * X[:, 1]

def program(y):
    network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=adam, epochs=40)

faulty, cured = program(y), program(y.reshape(-1, 1))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        shapes = evidence.start.shapes
        if shapes is None or shapes[0] == shapes[1]:
            return
        stretched = evidence.start.stretched
        if stretched is False or (stretched is None and not evidence.loss.elementwise):
            return
        out, target = shapes
        batch = min(evidence.program.batch_size, evidence.program.rows)
        out, target = (batch, *out[1:]), (batch, *target[1:])
        refused = guard(evidence) == "loss-shape"
        try:
            both = np.broadcast_shapes(out, target)
        except ValueError:
            return  # another rule's matter
        if problem(evidence) is not None and not refused:
            return
        size = int(np.prod(both))
        if size > max(np.prod(out), np.prod(target)) + self.more:
            says = f"a batch of {batch} predictions {out} and targets {target} is compared as {both}: "
            says += f"{size:,} pairs, each prediction with every target"
            changes = (ReshapeTarget(), OutputAndLoss())
        elif size > np.prod(target) and not evidence.task.decides:
            says = f"each of the {out[-1]} outputs is compared with the one target: {out} against {target}"
            changes = (OutputAndLoss(),)  # type: ignore[assignment]
        elif size > np.prod(out) and not evidence.task.decides:
            says = f"the one output is compared with each of {target[-1]} targets: {out} against {target}"
            changes = (OutputAndLoss(),)  # type: ignore[assignment]
        else:
            return
        yield self.found(
            "ERROR", says + (", if it were allowed" if refused else ""), where="loss", when="every step",
            measured=float(size), limit=float(max(np.prod(out), np.prod(target))),
            evidence={"prediction": out, "target": target}, changes=changes,
        )  # fmt: skip
