from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import APART, DOUBT, DRIFTS, Drift, figures
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("shifted-features")
@dataclass(frozen=True)
class ShiftedFeatures(Drift):
    """Features whose values are spread otherwise than in the training data.

    What it sees     for each feature a chi-square test between the quantiles of training (for texts, the shares of
                     the categories), corrected for the number of features, q below 0.01; and a population
                     stability index above 0.2. Both are needed: with many rows any difference is significant,
                     with few rows a large one may be chance
    Why it matters   what was learned holds where there were training rows; elsewhere the network guesses
    What to try      find out what changed where the data come from; train again with such rows
    Source           Benjamini & Hochberg 1995; Siddiqi 2006, "Credit Risk Scorecards"
    """

    doubt: float = DOUBT
    apart: float = APART

    explains = ("shifted-predictions",)

    example = """
import numpy as np
import chainrule as cr

rng = np.random.default_rng(0)
X = 20 + 5 * rng.normal(size=(600, 3))
y = (X[:, 0] > X[:, 1]).astype(int)
scaled = cr.preprocessing.Standardize.fit(X)
network = cr.MLP([3, 16, 2], seed=0, preprocessing=scaled)
cr.fit(network, X, y, loss="cross_entropy", epochs=5)
cr.diagnosis.summarize(network, X)
faulty = dict(network=network, X=np.array([0, 0, 5]) + 20 + 5 * rng.normal(size=(300, 3)))
cured = dict(network=network, X=20 + 5 * rng.normal(size=(300, 3)))
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        found = [one for one in seen.columns if one.q < self.doubt and one.psi > self.apart]
        if not found:
            return
        found.sort(key=lambda one: -one.psi)
        worst = "; ".join(f"{one.name} (PSI {one.psi:.2f}: {one.said})" for one in found[:3])
        n, of = len(found), len(seen.columns)
        yield self.found(
            "WARN",
            f"{n} of {of} feature{'s' * (of > 1)} {'are' if n > 1 else 'is'} spread otherwise than in training"
            f"{', most of all' if n > 3 else ''}: {worst}",
            where=", ".join(one.name for one in found[:3]),
            measured=found[0].psi,
            limit=self.apart,
            evidence=figures(found),
            remedy="find out what changed where the data come from, and train again with such rows",
        )
