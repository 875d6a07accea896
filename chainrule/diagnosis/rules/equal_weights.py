from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.changes import Initialize
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule
from chainrule.diagnosis.sight import Dense


@RULES.register("equal-weights")
@dataclass(frozen=True)
class EqualWeights(Rule):
    """Hidden units that start with equal weights, in and out: they get equal gradients and stay equal for ever.

    What it sees     before training, groups of units of one hidden layer whose incoming weights, bias and outgoing
                     weights are equal to 1e-7 of the largest. An error where more than half of a layer is in
                     groups. Zeros in the last layer alone are no fault, and dropout behind the layer tells the
                     units apart
    Why it matters   a layer of equal units is one unit, however wide
    What to try      random weights: He for relu, Xavier for tanh and sigmoid; biases may be 0
    Source           Rumelhart, Hinton & Williams 1986, "Learning internal representations", section on symmetry
    """

    close: float = 1e-7
    share: float = 0.5

    fault = "INIT_SYMMETRY"
    stage = "initialization"
    explains = (*TRAINING, "initial-scale", "input-scale", "output-and-loss")

    example = """
import numpy as np
from chainrule.autograd import nn, optim, no_grad

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = (X[:, :1] * X[:, 1:] > 0).astype("f4")

def program(constant):
    network = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
    if constant:
        with no_grad():
            for parameter in network.parameters():
                parameter.fill_(0.5)
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=30)

faulty, cured = program(True), program(False)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look = evidence.look
        if look is None:
            return
        for layer, after in zip(look.layers, look.layers[1:], strict=False):
            if after.weight.shape[1] != layer.weight.shape[0] or layer.dropout > 0:
                continue
            sizes = self._groups(layer, after.weight)
            grouped, units = int(sizes[sizes > 1].sum()), layer.weight.shape[0]
            if not grouped:
                continue
            distinct = len(sizes)
            tame = layer.activation in ("tanh", "sigmoid", "softmax")
            yield self.found(
                "ERROR" if grouped > self.share * units else "WARN",
                f"{grouped} of {units} units of {layer.where} start equal to another, with equal weights in and "
                "out: "
                f"the layer is as good as {distinct} unit{'s' * (distinct > 1)}, and stays so",
                where=layer.where,
                when="before training",
                measured=grouped / units,
                limit=0.0,
                evidence={"units": units, "distinct units": distinct, "largest group": int(sizes.max())},
                changes=(Initialize("xavier" if tame else "he"),),
            )
            return

    def _groups(self, layer: Dense, out: Array) -> Array:
        """How many units are in each group of equal ones."""
        rows = np.hstack([np.asarray(layer.weight, np.float64), np.asarray(out, np.float64).T])
        if layer.bias is not None:
            rows = np.hstack([rows, np.asarray(layer.bias, np.float64)[:, None]])
        step = max(float(np.abs(rows).max()), 1e-300) * self.close
        return np.unique(np.rint(rows / step), axis=0, return_counts=True)[1]
