from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Initialize
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING
from chainrule.diagnosis.rules.base import RULES, Rule
from chainrule.diagnosis.sight import Dense


@RULES.register("initial-scale")
@dataclass(frozen=True)
class InitialScale(Rule):
    """Initial weights far larger or smaller than their layer's width asks for.

    What it sees     the standard deviation of a layer's weights outside those that initializers in use draw, from
                     PyTorch's 1/sqrt(3 d_in) to He's sqrt(2/d_in), by more than a fifth: remarkable. A warning
                     where it is outside by more than a factor 2, little is learned, and the layers together take
                     what tells rows apart to above 30 times or below 1/30, or the first loss is above 3 times that
                     of a constant
    Why it matters   each layer multiplies: signals blow up or fade with depth, and gradients with them; large
                     weights saturate tanh and sigmoid
    What to try      He initialization for relu, Xavier for tanh and sigmoid
    Source           Glorot & Bengio 2010; He et al. 2015
    """

    slack: float = 1.2
    far: float = 2.0
    compound: float = 30.0
    loss: float = 3.0

    fault = "INIT_SCALE"
    stage = "initialization"
    explains = TRAINING

    example = """
import numpy as np
from chainrule.autograd import nn, optim, no_grad

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
y = (X[:, :1] * X[:, 1:] > 0).astype("f4")

def program(times):
    network = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    with no_grad():
        for parameter in network.parameters():
            parameter.mul_(times)
    sgd = optim.SGD(network.parameters(), lr=0.2)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=sgd, epochs=60)

faulty, cured = program(0.002), program(1)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        look = evidence.look
        if look is None or not look.layers or not evidence.data.finite:
            return
        ratios = [_off(layer) for layer in look.layers]
        worst = max(range(len(ratios)), key=lambda i: abs(np.log(ratios[i])) if ratios[i] > 0 else 0.0)
        ratio, layer = ratios[worst], look.layers[worst]
        slack = self.slack * (1 + 3 / (2 * layer.weight.size) ** 0.5)  # the standard deviation is known to so much
        if ratio <= 0 or 1 / slack <= ratio <= slack or layer.normalized:
            return
        gain = _gain(look.layers)
        high = evidence.start.loss / evidence.constant if evidence.constant > 0 else float("nan")
        compounds = len(look.layers) > 1 and not 1 / self.compound <= gain <= self.compound
        harm = not 1 / self.far <= ratio <= self.far and (compounds or (high > self.loss and ratio > 1))
        std = float(np.std(layer.weight, dtype=np.float64))
        meant = std / ratio
        tame = layer.activation in ("tanh", "sigmoid")
        yield self.found(
            "WARN" if harm and evidence.ill else "INFO",
            f"the weights of {layer.where} have standard deviation {std:.2g}; for its width "
            f"{'at most' if ratio > 1 else 'at least'} {meant:.2g} is usual. From input to output the "
            "differences between "
            f"rows are multiplied by {gain:.2g}",
            where=layer.where,
            when="before training",
            measured=ratio,
            limit=slack if ratio > 1 else 1 / slack,
            evidence={"by layer": ratios, "first loss over a constant's": high, "gain": gain},
            changes=(Initialize("xavier" if tame else "he"),),
        )


def _off(layer: Dense) -> float:
    """Its weights' standard deviation over the nearest usual one; 1 within those, 0 where all are equal."""
    d_out, d_in = layer.weight.shape
    std = float(np.std(layer.weight, dtype=np.float64))
    if std == 0 or layer.weight.size < 8:  # of a few numbers the standard deviation is chance
        return 0.0
    usual = [(3 * d_in) ** -0.5, (2 / (d_in + d_out)) ** 0.5, d_in**-0.5, (2 / d_in) ** 0.5]
    return std / max(usual) if std > max(usual) else std / min(usual) if std < min(usual) else 1.0


def _gain(layers: list[Dense]) -> float:
    """The spread over rows of the last layer's z, over that of the first layer's input."""
    before = float(np.std(layers[0].x, axis=0, dtype=np.float64).mean())
    after = float(np.std(layers[-1].z, axis=0, dtype=np.float64).mean())
    return after / before if before > 0 else float("nan")
