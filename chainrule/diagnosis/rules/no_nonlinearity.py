from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import Activation, HiddenLayers
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("no-nonlinearity")
@dataclass(frozen=True)
class NoNonlinearity(Rule):
    """Dense layers one after the other without an activation between: together they are one dense layer.

    What it sees     layers whose output is what the next layer takes, number by number. A warning where no hidden
                     layer has an activation, an error where much less is learned than the data allow; remarkable
                     where some have one, and where a narrow layer of an autoencoder makes it a projection
    Why it matters   W2 (W1 x + b1) + b2 is a straight line, however many layers: no curve and no XOR can be
                     learned
    What to try      relu after every hidden layer, with He initialization
    Source           Minsky & Papert 1969, "Perceptrons"; Baldi & Hornik 1989, "Neural networks and principal
                     component analysis"
    """

    layers: int = 1  # hidden ones, at least

    fault = "NO_NONLINEARITY"
    stage = "shapes"
    explains = (*TRAINING, "initial-scale", "input-scale", "target-scale")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = (X[:, :1] * X[:, 1:] > 0).astype("f4")

def program(between):
    network = nn.Sequential(nn.Linear(2, 32), between, nn.Linear(32, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=40)

faulty, cured = program(nn.Identity()), program(nn.ReLU())
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look = evidence.look
        if look is None or len(look.hidden) < self.layers:
            return
        # a layer without activation whose output the next one takes as it is (normalized, it is still a line)
        straight = [
            layer for layer, after in zip(look.layers, look.layers[1:], strict=False)
            if layer.activation is None and after.weight.shape[1] == layer.weight.shape[0]
        ]  # fmt: skip
        if not straight:
            return
        every = len(straight) == len(look.hidden)
        widths = [layer.weight.shape[0] for layer in straight]
        bottleneck = evidence.task.auto and min(widths) < look.last.weight.shape[0]
        severity = "INFO" if not every or bottleneck else "ERROR" if evidence.ill else "WARN"
        d_in, d_out = look.layers[0].weight.shape[1], look.last.weight.shape[0]
        numbers = ", ".join(str(layer.index) for layer in straight[:6]) + (", ..." if len(straight) > 6 else "")
        plural = "s" * (len(straight) > 1)
        says = f"layer{plural} {numbers} of {len(look.layers)} ha{'ve' if plural else 's'} no activation"
        if every:
            says += (
                f": all {len(look.layers)} layers are one {d_in} to {d_out} layer of rank "
                f"{min(*widths, d_in, d_out)}"
            )
        else:
            says += ": each is one layer with the next"
        yield self.found(
            severity,
            says,
            where=straight[0].where,
            when="before training",
            measured=float(len(straight)),
            limit=0.0,
            evidence={"layers": len(look.layers), "widths": widths},
            changes=(Activation("relu"), Activation("tanh"), HiddenLayers()) if severity != "INFO" else (),
        )
