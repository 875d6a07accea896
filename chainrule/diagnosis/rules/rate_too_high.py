from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import LearningRate, round_rate
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule
from chainrule.diagnosis.start_facts import Line


@RULES.register("rate-too-high")
@dataclass(frozen=True)
class RateTooHigh(Rule):
    """Steps so long that they pass over the valley: a tenth of the step, or less, would lower the loss more.

    What it sees     the loss of a batch along the very step that is taken on it, at 0.01 to 100 times its length:
                     the best is at 0.1 or below, the whole step is worse than none; the median of several probes
    Why it matters   the loss bounces from wall to wall, or grows without end; ReLU units die of it
    What to try      the learning rate that the probes estimate; a schedule that warms up
    Source           Goodfellow, Bengio & Courville 2016, 4.3; LeCun et al. 1998, "Efficient BackProp": beyond
                     2 / curvature a step diverges
    """

    best: float = 0.1
    share: float = 0.5
    ruin: float = 10.0  # times the loss of the best constant prediction, after one step
    harm: float = 0.02  # of the loss of the best constant prediction, done by a whole step

    fault = "LR_HIGH"
    stage = "learning rate"
    explains = (
        "dead-units", "saturated-units", "oscillation", "diverging", "non-finite",
        "vanishing-gradients", "undertrained", "rate-too-low", "overfitting",
    )  # fmt: skip
    example = """
import numpy as np
import chainrule.autograd as torch

x = np.linspace(-3, 3, 64, dtype=np.float32)[:, None]
net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
program = dict(subject=net, X=x, y=np.sin(x), loss=torch.nn.MSELoss(), epochs=200)
faulty = dict(program, optimizer=torch.optim.SGD(net.parameters(), lr=10.0))
cured = dict(program, optimizer=torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        early, middle, late = evidence.start.lines, evidence.record.lines, evidence.late
        if not evidence.ill:
            return
        constant = evidence.constant if evidence.constant > 0 else 0.0
        probes = next((found for found in (early, middle, late) if self._speaks(found, constant)), None)
        if probes is None:
            return
        rate = evidence.program.learning_rate
        lengths = [line.best for line in probes if 0 < line.best <= self.best]
        usable = round_rate(rate * float(np.median(lengths) if lengths else 0.01))
        line = max((line for line in probes if np.isfinite(line.at_zero)), key=_harm)
        yield self.found(
            "WARN",
            f"the learning rate {rate:g} is too high: on the batch it is made for, a whole step takes the loss "
            f"from {line.at_zero:.3g} to {line.losses[WHOLE]:.3g}; {line.best:g} of it would give "
            f"{min(line.losses):.3g}",
            when=f"step {line.t}",
            measured=rate,
            limit=usable,
            evidence={"estimated rate": usable, "best lengths": [line.best for line in probes]},
            changes=(LearningRate(value=usable), LearningRate(value=round_rate(usable / 10))),
        )

    def _speaks(self, probes: list[Line], constant: float) -> bool:
        """Most steps do harm, or one undoes more than all training could gain, many times over."""
        sane = [line for line in probes if np.isfinite(line.at_zero) and line.best <= self.best]
        over = [line for line in sane if not line.losses[WHOLE] < line.at_zero + self.harm * constant]
        ruin = [line for line in over if constant and not line.losses[WHOLE] < self.ruin * constant]
        return len(probes) >= 3 and (len(over) > self.share * len(probes) or bool(ruin))


WHOLE = 4  # where a whole step stands among the lengths


def _harm(line: Line) -> float:
    return line.losses[WHOLE] / line.at_zero if line.at_zero else 0.0
