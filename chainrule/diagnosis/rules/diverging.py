from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chainrule.diagnosis.changes import Initialize, LearningRate
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("diverging")
@dataclass(frozen=True)
class Diverging(Rule):
    """The loss, or what flows through the layers, grows instead of falling.

    What it sees     the last tenth of the losses more than 3 times the best tenth, and worse than a constant; or
                     pre-activations that grow more than tenfold from layer to layer
    Why it matters   every step does harm; it ends in infinity
    What to try      a smaller learning rate; gradients clipped to a length; smaller initial weights
    Source           Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks"
    """

    times: float = 3.0
    growth: float = 10.0

    fault = "EXPLODING"
    stage = "gradients"
    explains = ("non-finite",)

    example = """
import numpy as np
from chainrule.autograd import nn, no_grad, optim

X = np.random.default_rng(0).normal(size=(300, 20)).astype("f4")

def program(times):
    layers = [part for _ in range(6) for part in (nn.Linear(20, 20), nn.ReLU())]
    network = nn.Sequential(*layers, nn.Linear(20, 1))
    with no_grad():
        for parameter in network.parameters():
            parameter.mul_(times if parameter.ndim > 1 else 0)
    adam = optim.Adam(network.parameters(), lr=0.003)
    return dict(subject=network, X=X, y=X[:, :1] + X[:, 1:2], loss=nn.MSELoss(), optimizer=adam, epochs=40)

faulty, cured = program(150.0), program(2.4)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        yield from self._loss(evidence)
        yield from self._layers(evidence)

    def _loss(self, evidence: Evidence) -> Iterator[Finding]:
        losses = np.asarray(evidence.record.losses)
        losses = losses[np.isfinite(losses)]
        if len(losses) < 20:
            return
        means = np.array([part.mean() for part in np.array_split(losses, 10)])
        best, last = float(means.min()), float(means[-1])
        floor = evidence.constant if np.isfinite(evidence.constant) else best
        if last > self.times * abs(best) and last > 1.5 * floor and last > means[0]:
            yield self.found(
                "WARN",
                f"the loss grows: {best:.3g} at its best, {last:.3g} at the end",
                when=f"from step {int(np.argmin(means) * len(losses) / 10) + 1}",
                measured=last / best if best else None,
                limit=self.times,
                evidence={"best constant": evidence.constant},
                changes=(LearningRate(factor=0.1), LearningRate(factor=0.01), Initialize("he")),
            )

    def _layers(self, evidence: Evidence) -> Iterator[Finding]:
        if not evidence.ill or evidence.look is None or len(evidence.look.layers) < 3:
            return
        z = [float(np.sqrt(np.mean(np.square(layer.z, dtype=np.float64)))) for layer in evidence.look.layers]
        gains = [after / before for before, after in pairwise(z) if before > 0]
        if len(gains) >= 2 and min(gains) > self.growth:
            yield self.found(
                "WARN",
                f"signals grow {np.mean(gains):.3g}-fold from layer to layer, from {z[0]:.3g} to {z[-1]:.3g}",
                when="before training",
                measured=float(min(gains)),
                limit=self.growth,
                evidence={"rms by layer": z},
                changes=(Initialize("he"), Initialize("xavier")),
            )
