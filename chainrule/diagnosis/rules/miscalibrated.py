from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("miscalibrated")
@dataclass(frozen=True)
class Miscalibrated(Rule):
    """The answers are surer of themselves than they are right, or less sure.

    What it sees     on at least 100 rows held out, the mean probability of the answers and the share that is right
                     differ by more than 0.05 and by three standard errors, and one temperature, found on half of
                     the rows, makes the log loss of the other half less by a twentieth. It is a note: what answers
                     well is not ill, and who takes the answers alone need not mind
    Why it matters   0.99 is not to be read as 99 of 100; thresholds, averages of networks and expected costs go
                     wrong with it
    What to try      chainrule calibrate on rows held out; stop at the minimum of the validation loss; label
                     smoothing, weight decay
    Source           Guo et al. 2017, "On calibration of modern neural networks"
    """

    rows: int = 100
    gap: float = 0.05
    errors: float = 3.0
    gain: float = 0.05

    fault = "CALIBRATION"
    stage = "loss"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rng = np.random.default_rng(0)
X = rng.normal(size=(900, 20)).astype("f4")
y = (X[:, :1] + 0.8 * rng.normal(size=(900, 1)) > 0).astype("f4")
held = X[300:], y[300:]

def program(epochs):
    network = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1))
    adam = optim.Adam(network.parameters(), lr=0.003)
    return dict(subject=network, X=X[:300], y=y[:300], loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=epochs,
                validation=held)

faulty, cured = program(40), program(8)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        seen = evidence.reliability
        if seen is None or seen.rows < self.rows:
            return
        gap, error = seen.confidence - seen.right, (seen.right * (1 - seen.right) / seen.rows) ** 0.5
        if not abs(gap) > max(self.gap, self.errors * error) or not seen.after < (1 - self.gain) * seen.log_loss:
            return
        worse = seen.log_loss > seen.shares
        than = f", more than the {seen.shares:.3g} of the classes' shares alone" if worse else ""
        yield self.found(
            "INFO",  # what answers well is not ill
            f"on {seen.rows:,} rows held out the answers are {seen.confidence:.0%} sure and {seen.right:.0%} "
            f"right; their log loss is {seen.log_loss:.3g}{than}. A temperature of {seen.temperature:.3g} makes "
            f"it {seen.after:.3g}, on rows that it was not found on",
            when="at the end",
            measured=abs(gap),
            limit=max(self.gap, self.errors * error),
            evidence={"calibration error": seen.error, "temperature": seen.temperature},
            remedy="chainrule calibrate on rows held out, or stop at the minimum of the validation loss",
        )
