from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Activation, Initialize, Normalize
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("vanishing-gradients")
@dataclass(frozen=True)
class VanishingGradients(Rule):
    """Gradients that fade on their way back, so that the first layers hardly learn.

    What it sees     the gradient of the weights over the weights, of the first layer against the last: below a
                     thousandth at most samples, while little is learned
    Why it matters   the first layers stay as they were drawn, and the last can only use what they happen to give
    What to try      ReLU with He initialization; fewer layers; batch normalization; residual blocks
    Source           Hochreiter 1991; Glorot & Bengio 2010
    """

    ratio: float = 1e-3
    share: float = 0.5

    fault = "VANISHING"
    stage = "gradients"
    explains = ("undertrained", "rate-too-low")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(300, 8)).astype("f4")
y = (X[:, :1] * X[:, 1:2] > 0).astype("f4")

def program(depth, activation):
    layers = [nn.Linear(8, 16), activation()]
    for _ in range(depth):
        layers += [nn.Linear(16, 16), activation()]
    network = nn.Sequential(*layers, nn.Linear(16, 1))
    sgd = optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=sgd, epochs=40)

faulty, cured = program(8, nn.Sigmoid), program(1, nn.ReLU)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        samples = evidence.record.samples
        if not evidence.ill or len(samples) < 3 or len(samples[0].gradient) < 2:
            return
        first = np.array([s.gradient[0] / s.weight[0] if s.weight[0] else np.nan for s in samples])
        last = np.array([s.gradient[-1] / s.weight[-1] if s.weight[-1] else np.nan for s in samples])
        with np.errstate(all="ignore"):
            ratio = first / last
        ratio = ratio[np.isfinite(ratio)]
        if len(ratio) < 3 or float(np.mean(ratio < self.ratio)) <= self.share:
            return
        typical = float(np.median(ratio))
        depth = len(samples[0].gradient)
        fade = max(typical, 1e-300) ** (1 / (depth - 1))
        yield self.found(
            "WARN",
            f"the first layer's gradient is {typical:.1e} of the last one's, relative to the weights: it shrinks "
            f"to {fade:.2g} from layer to layer",
            where="layer 1",
            when=f"{np.mean(ratio < self.ratio):.0%} of the samples",
            measured=typical,
            limit=self.ratio,
            evidence={"gradient by layer": samples[len(samples) // 2].gradient},
            changes=(Activation("relu"), Initialize("he"), Normalize()),
        )
