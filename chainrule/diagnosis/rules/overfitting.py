from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.experiments import pace
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("overfitting")
@dataclass(frozen=True)
class Overfitting(Rule):
    """The training rows are learned by heart: rows held out are answered no better than by a constant.

    What it sees     skill on the training rows above 0.5 and on held-out rows not above 0 by two standard
                     errors; or the validation loss well above its minimum, long ago, while the training loss
                     still falls. Without validation rows the program is run again with a quarter of its rows
                     held out. As a control it is run on its labels in another order: labels that mean something
                     are learned faster
    Why it matters   the network will be wrong wherever it is used
    What to try      check the labels; more data; stop at the minimum; weight decay or dropout
    Source           Zhang et al. 2017, "Understanding deep learning requires rethinking generalization"
    """

    as_fast: float = 0.9  # of the pace on its own labels
    rise: float = 0.5  # of the validation loss above its minimum
    ago: float = 0.3  # of the training

    fault = "OVERFIT"
    stage = "loss"

    example = """
import numpy as np
from chainrule.autograd import nn, optim

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 60)).astype("f4")

def program(y):
    network = nn.Sequential(nn.Linear(60, 128), nn.ReLU(), nn.Linear(128, 1))
    adam = optim.Adam(network.parameters(), lr=0.01)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam, epochs=40)

faulty = program(rng.integers(0, 2, (200, 1)).astype("f4"))
cured = program((X[:, :1] > 0).astype("f4"))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        if not evidence.by_heart:
            yield from self._rising(evidence)
            return
        seen, unseen, rows = evidence.held
        own = pace(evidence.record.losses, evidence.constant)
        means, remedy = self._control(evidence.shuffled, own)
        yield self.found(
            "WARN",
            f"the rows trained on are learned by heart (skill {seen:.2f}) and rows held out are not answered "
            f"(skill {unseen:.2f}): {means}",
            measured=unseen,
            limit=2 / rows**0.5,
            evidence={"rows held out": rows, "plain network on unseen rows": evidence.plain.unseen,
                      "pace": own, "pace on shuffled labels": evidence.shuffled},
            remedy=remedy,
        )  # fmt: skip

    def _control(self, shuffled: float, own: float) -> tuple[str, str]:
        """What the control says, and what to do."""
        if np.isnan(shuffled) or np.isnan(own) or own <= 0:
            return (
                "either the labels carry no signal, or there are too few rows",
                "check where the labels come from; hold rows out; more data, or a smaller network",
            )
        figures = f"(pace {shuffled:.2f} against {own:.2f})"
        if shuffled >= self.as_fast * own:
            return (
                f"its labels in any other order are learned as fast {figures}: to this network they mean nothing",
                "check where the labels come from, and how they were joined with the features",
            )
        return (
            f"its labels in another order are learned more slowly {figures}: they do mean something, but there "
            "are too few rows to tell what, or those held out are of another kind",
            "look at where the rows held out come from; more data, a smaller network, weight decay",
        )

    def _rising(self, evidence: Evidence) -> Iterator[Finding]:
        epochs = evidence.record.epochs
        held = np.array([epoch.validation_loss for epoch in epochs])
        if evidence.program.validation is None or len(evidence.program.validation[0]) < 50 or len(held) < 10:
            return
        if not np.isfinite(held).all():
            return
        best = int(np.argmin(held))
        long_ago = len(held) - 1 - best >= self.ago * len(held)
        worse = epochs[best].validation_skill - epochs[-1].validation_skill
        if long_ago and held[-1] > (1 + self.rise) * held[best] and worse > 0.02:
            yield self.found(
                "WARN",
                f"the validation loss was least in epoch {best + 1} ({held[best]:.3g}) and is {held[-1]:.3g} "
                "now, while the training loss still falls",
                when=f"from epoch {best + 1}",
                measured=float(held[-1] / held[best]),
                limit=1 + self.rise,
                evidence={"best epoch": best + 1},
                remedy=f"stop after epoch {best + 1} (early stopping); weight decay, dropout, more data",
            )
