from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import APART, DOUBT, DRIFTS, Drift, figures
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("shifted-predictions")
@dataclass(frozen=True)
class ShiftedPredictions(Drift):
    """Predictions that are spread otherwise than on the training data.

    What it sees     the shares of the predicted classes, or the quantiles of the predicted values: a chi-square
                     test, q below 0.01, and a population stability index above 0.2
    Why it matters   either the answers have changed, as in another season, or the network no longer finds them.
                     Without answers to the new rows nobody can tell which
    What to try      score the network on new rows with answers; look at the features that changed
    Source           Lipton, Wang & Smola 2018, "Detecting and Correcting for Label Shift"
    """

    doubt: float = DOUBT
    apart: float = APART

    example = """
import numpy as np
import chainrule as cr

rng = np.random.default_rng(0)
X = 20 + 5 * rng.normal(size=(600, 3))
y = ((X[:, 0] - 20) * (X[:, 1] - 20) > 0).astype(int)
scaled = cr.preprocessing.Standardize.fit(X)
network = cr.MLP([3, 16, 2], seed=0, preprocessing=scaled)
cr.fit(network, X, y, loss="cross_entropy", optimizer="adam:learning_rate=0.01", epochs=20)
cr.diagnosis.summarize(network, X)
new = 20 + 5 * rng.normal(size=(600, 3))
faulty = dict(network=network, X=new[(new[:, 0] - 20) * (new[:, 1] - 20) > 0])  # none of the other class
cured = dict(network=network, X=new)
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        found = [one for one in seen.predicted if one.q < self.doubt and one.psi > self.apart]
        found.sort(key=lambda one: -one.psi)
        if found:
            worst = found[0]
            what = "the predictions are" if worst.name == "prediction" else f"the predictions of {worst.name} are"
            yield self.found(
                "WARN",
                f"{what} spread otherwise than on the training data (PSI {worst.psi:.2f}): {worst.said}",
                where=worst.name,
                measured=worst.psi,
                limit=self.apart,
                evidence=figures(found),
                remedy="score the model on new rows with answers: chainrule evaluate",
            )
