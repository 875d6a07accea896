from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.comparison import Comparison
from chainrule.diagnosis.drifts.base import DRIFTS, MOST_SHOWN, Drift
from chainrule.diagnosis.finding import Finding


@DRIFTS.register("other-scale")
@dataclass(frozen=True)
class OtherScale(Drift):
    """Most features are much wider, or much narrower, than in training: they were not scaled as they were then.

    What it sees     the range of the middle 80 % of the values over that of training, for each feature of numbers;
                     above 5, or below 1/5, for at least half of them and at least two
    Why it matters   one feature may change by itself; so many at once change where somebody forgot to scale the
                     data, scaled them twice, or took other units
    What to try      apply what was done to the training data; or train on raw data, so that the model's own
                     preprocessing, which travels in its file, does it
    Source           Sculley et al. 2015, "Hidden Technical Debt in Machine Learning Systems"
    """

    times: float = 5.0
    share: float = 0.5
    fewest: int = 2

    explains = ("shifted-features", "shifted-predictions")

    example = """
import numpy as np
import chainrule as cr

rng = np.random.default_rng(0)
X = 200 + 25 * rng.normal(size=(600, 3))
y = (X[:, 0] > X[:, 1]).astype(int)
scaled = cr.preprocessing.Standardize.fit(X)
network = cr.MLP([3, 16, 2], seed=0, preprocessing=scaled)
cr.fit(network, X, y, loss="cross_entropy", epochs=5)
cr.diagnosis.summarize(network, X)
faulty = dict(network=network, X=(X - X.mean(axis=0)) / X.std(axis=0))  # scaled once more
cured = dict(network=network, X=200 + 25 * rng.normal(size=(300, 3)))
"""

    def check(self, seen: Comparison) -> Iterator[Finding]:
        ratios = {one.name: one.ratio for one in seen.columns if np.isfinite(one.ratio)}
        for wide in (True, False):
            found = {n: r for n, r in ratios.items() if (r > self.times if wide else r < 1 / self.times)}
            if len(found) < max(self.fewest, self.share * len(ratios)):
                continue
            middle = float(np.median(list(found.values())))
            said = f"{middle:.3g} times" if wide else f"{middle:.3g} of"
            how = "look unscaled" if wide else "look as if they were scaled once more"
            yield self.found(
                "WARN",
                f"{len(found)} of {len(ratios)} features have {said} the spread they had in training (their "
                f"median): the new data {how}",
                where=", ".join(list(found)[:3]),
                measured=middle,
                limit=self.times if wide else 1 / self.times,
                evidence={"spread over that of training": _furthest(found)},
                remedy="prepare the new data as those of training were: the same scaling, the same units",
            )


def _furthest(found: dict[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda pair: -abs(np.log(max(pair[1], 1e-300))))[:MOST_SHOWN])
