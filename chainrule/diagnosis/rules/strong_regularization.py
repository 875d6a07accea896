from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.diagnosis.changes import NoRegularization
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("strong-regularization")
@dataclass(frozen=True)
class StrongRegularization(Rule):
    """Dropout or weight decay so strong that the network may not learn.

    What it sees     the same training without dropout, decay and penalties has at least 0.3 more skill on its rows
    Why it matters   regularization is to keep a network from learning too much, not from learning
    What to try      a decay of 1e-4 or less; dropout of 0.2; none, until the network overfits
    Source           Srivastava et al. 2014, "Dropout"; Krogh & Hertz 1992, "A simple weight decay"
    """

    gain: float = 0.3

    fault = "REG_TOO_STRONG"
    stage = "loss"
    explains = (
        "undertrained", "rate-too-low", "too-small", "vanishing-gradients", "saturated-units", "dead-units", "overfitting",
    )  # fmt: skip

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        gain = evidence.free - max(evidence.train.skill, 0.0)
        if gain >= self.gain:
            yield self.found(
                "WARN",
                f"without dropout, decay and penalties the same training reaches skill {evidence.free:.2f} instead of "
                f"{evidence.train.skill:.2f}",
                measured=gain,
                limit=self.gain,
                changes=(NoRegularization(),),
            )
