from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.changes import OutputActivation, OutputAndLoss
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, output_words, reach, targets, width
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("output-range")
@dataclass(frozen=True)
class OutputRange(Rule):
    """Targets outside the numbers that the last activation can give.

    What it sees     the share of targets the output can't reach, above 0.5 %; and the share of the target's
                     variance that even the best network leaves under this activation: above 1 % it is an error
    Why it matters   the output runs against its end, where its derivative is 0, and stays there
    What to try      no activation after the last layer; or a target scaled into the range
    Source           Bishop 2006, section 5.2
    """

    share: float = 0.005
    left: float = 0.01

    fault = "OUT_RANGE"
    stage = "output"
    explains = (*TRAINING, "target-scale", "initial-scale")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
y = 3 * X[:, :1] - X[:, 1:]

def program(last):
    network = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1), last)
    return dict(subject=network, X=X, y=y, loss=nn.MSELoss(), optimizer=optim.Adam(network.parameters(), lr=0.05))

faulty, cured = program(nn.Sigmoid()), program(nn.Identity())
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        ends, loss = reach(evidence), evidence.loss
        if (
            ends is None
            or evidence.look is None
            or loss.kind in ("cross_entropy", "binary_cross_entropy", "hinge")
        ):
            return
        if evidence.task.decides and evidence.task.form == "index" and width(evidence) > 1:
            return  # labels that name a unit: another rule's matter
        y = targets(evidence)
        low, high = ends
        share = float(((y < low) | (y > high)).mean())
        left = self._left(y, np.clip(y, low, high))
        simplex = evidence.output == "softmax" and y.shape[1] > 1
        if simplex:  # the nearest point whose columns sum to 1
            over = np.abs(y.sum(axis=1) - 1) > 1e-3
            share = max(share, float(over.mean()))
            left = max(left, self._left(y, y - (y.sum(axis=1, keepdims=True) - 1) / y.shape[1]))
        if not share > self.share:
            return
        range_ = "rows that sum to 1" if simplex else f"numbers {_interval(low, high)}"
        yield self.found(
            "ERROR" if left > self.left else "INFO",
            f"{share:.0%} of the targets, which go from {y.min():.4g} to {y.max():.4g}, are out of reach: "
            f"{output_words(evidence)} gives {range_}; the best network leaves {left:.0%} of their variance",
            where=evidence.look.last.where,
            when="before training",
            measured=share,
            limit=self.share,
            evidence={"lowest target": float(y.min()), "highest target": float(y.max()), "variance left": left},
            changes=(OutputActivation(None), OutputAndLoss()),
        )

    @staticmethod
    def _left(y: Array, nearest: Array) -> float:
        """The share of the target's variance that no output within reach explains, at most all of it."""
        variance = float(((y - y.mean(axis=0)) ** 2).sum())
        return min(1.0, float(((y - nearest) ** 2).sum()) / variance) if variance > 0 else 0.0


def _interval(low: float, high: float) -> str:
    if high == float("inf"):
        return f"of {low:g} and more"
    return f"of {high:g} and less" if low == -float("inf") else f"from {low:g} to {high:g}"
