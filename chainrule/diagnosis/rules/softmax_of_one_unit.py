from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import OutputActivation, OutputAndLoss
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, width
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("softmax-of-one-unit")
@dataclass(frozen=True)
class SoftmaxOfOneUnit(Rule):
    """Softmax over a single unit: e^z / e^z is 1 for every row, whatever the weights.

    What it sees     a softmax after a layer of one unit, or a cross-entropy, which holds a softmax, on one output
    Why it matters   the output is constant and its derivative 0: nothing before it ever learns
    What to try      one unit without activation and binary cross-entropy of logits; or two units and cross-
                     entropy; a linear output for a regression
    Source           Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs"
    """

    units: int = 1

    fault = "OUT_SOFTMAX_1"
    stage = "output"
    explains = (*TRAINING, "output-and-loss", "output-range", "initial-scale", "input-scale", "target-scale",
                "label-encoding", "class-imbalance", "shape-mismatch")  # fmt: skip

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(last):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), last)
    return dict(subject=network, X=X, y=y, loss=nn.BCELoss(), optimizer=optim.Adam(network.parameters(), lr=0.05))

faulty, cured = program(nn.Softmax(dim=1)), program(nn.Sigmoid())
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look, loss = evidence.look, evidence.loss
        if look is None or not look.layers:
            return
        changes = (
            (OutputAndLoss(),) if not evidence.task.decides else (OutputActivation("sigmoid"), OutputAndLoss())
        )
        for layer in look.layers:
            if layer.activation in ("softmax", "log_softmax") and layer.z.shape[1] == self.units:
                yield self.found(
                    "ERROR",
                    f"a softmax over one unit: its output is {layer.a.flat[0]:g} for all {len(layer.a)} rows "
                    "looked at, "
                    "and its derivative is 0",
                    where=layer.where,
                    when="before training",
                    measured=float(layer.a.max() - layer.a.min()),
                    limit=0.0,
                    evidence={"activation": layer.activation, "units": layer.z.shape[1]},
                    changes=changes,
                )
                return
        if loss.kind == "cross_entropy" and loss.takes == "logits" and width(evidence) == self.units:
            yield self.found(
                "ERROR",
                f"{loss.name} takes a softmax over the outputs, and there is one: it is 1 for every row, the "
                "loss 0",
                where=look.last.where,
                when="before training",
                evidence={"loss": loss.name, "units": 1},
                changes=(OutputAndLoss(),),
            )
