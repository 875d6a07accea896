from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Epochs, LearningRate, Optimizer, round_rate
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule
from chainrule.diagnosis.start_facts import LENGTHS


@RULES.register("rate-too-low")
@dataclass(frozen=True)
class RateTooLow(Rule):
    """Steps so short that far longer ones would still lower the loss, from the first step to the last.

    What it sees     the loss of a batch along the step taken on it, at the start and at the end of training: the
                     best length is 30 times the step or more in most probes (10 where it is far behind), and the
                     program knows less of its own rows than a plain network knows of rows it never saw
    Why it matters   the training ends long before it has learned what it could
    What to try      the learning rate that the probes estimate; Adam; many more epochs
    Source           Bengio 2012, "Practical recommendations for gradient-based training"
    """

    best: float = 30.0
    far: float = 10.0  # where the program is far behind
    share: float = 0.5
    behind: float = 0.05
    gain: float = 0.003  # of the loss of the best constant prediction, by the best length
    steps: int = 200  # with fewer, at a rate that is usual, it is the steps that are too few
    usual: float = 1e-3

    fault = "LR_LOW"
    stage = "learning rate"
    explains = ("undertrained", "vanishing-gradients")
    example = """
import numpy as np
import chainrule.autograd as torch

x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
program = dict(subject=net, X=x, y=x**3, loss=torch.nn.MSELoss(), epochs=50)
faulty = dict(program, optimizer=torch.optim.Adam(net.parameters(), lr=1e-6))
cured = dict(program, optimizer=torch.optim.Adam(net.parameters(), lr=1e-2))
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        early, late = evidence.start.lines, evidence.late
        if (
            len(early) < 3
            or len(late) < 3
            or not evidence.lagging
            or not evidence.behind > self.behind
            or evidence.worsening
        ):
            return
        lengths = [line.best for line in (*early, *late)]
        best = self.far if evidence.ill else self.best
        at_end = float(np.mean([line.best >= best for line in late]))
        if at_end <= self.share or float(np.mean([length >= best for length in lengths])) <= self.share:
            return
        gain = float(np.median([line.at_zero - np.nanmin(line.losses) for line in late]))
        longest = all(line.best == LENGTHS[-1] for line in late)  # so short that none of the probes is long enough
        if not gain > self.gain * max(evidence.constant, 0.0) and not longest:
            return
        rate = evidence.program.learning_rate
        if evidence.steps_run < self.steps and rate >= self.usual:
            return
        usable = round_rate(rate * float(np.median([line.best for line in late])))
        yield self.found(
            "WARN",
            f"the learning rate {rate:g} is too low: at the end of training a step {np.median(lengths):g} times "
            "as long would still lower the loss more",
            when="from the first step to the last",
            measured=rate,
            limit=usable,
            evidence={"estimated rate": usable, "best lengths": lengths, "steps": evidence.steps_run},
            changes=(LearningRate(value=usable), LearningRate(factor=10.0), Optimizer("Adam", 3e-3), Epochs(10)),
        )
