from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import Epochs, Optimizer
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("undertrained")
@dataclass(frozen=True)
class Undertrained(Rule):
    """The training ended while the loss was still falling, with much left to learn.

    What it sees     no step at all; or the loss of the last third of training below that of the third before by
                     more than twice its noise, where the program knows clearly less of its own rows than a plain
                     network knows of rows it never saw
    Why it matters   the network is judged before it has learned
    What to try      more epochs; a faster optimizer
    Source           Goodfellow, Bengio & Courville 2016, 11.4
    """

    behind: float = 0.1  # half of it where steps are few
    few: int = 100  # steps
    enough: float = 0.75  # of skill; beyond it a training is one that could go on, not one that failed
    least_gain: float = 0.02  # of the loss of the best constant prediction

    fault = "UNDERTRAINED"
    stage = "loss"
    example = """
import numpy as np
import chainrule.autograd as torch

x = np.linspace(-1, 1, 256, dtype=np.float32)[:, None]
net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
adam = torch.optim.Adam(net.parameters(), lr=3e-3)
faulty = dict(subject=net, X=x, y=np.sin(4 * x), loss=torch.nn.MSELoss(), optimizer=adam, epochs=6)
cured = dict(faulty, epochs=300)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.problem is not None:
            return
        if not evidence.steps_run:
            yield self.found(
                "ERROR",
                "nothing was trained: the program makes no step, so it predicts with its initial weights",
                measured=0.0,
                limit=1.0,
                changes=(Epochs(10),),
            )
            return
        losses = np.asarray(evidence.record.losses)
        few = len(losses) < self.few
        if (
            not evidence.behind > (self.behind / 2 if few else self.behind)
            or len(losses) < 3
            or evidence.worsening
        ):
            return
        if not few and evidence.skilled >= self.enough:
            return
        before, last = np.array_split(losses, 3)[1:]
        noise = np.hypot(before.std() / len(before) ** 0.5, last.std() / len(last) ** 0.5)
        gain = float(before.mean() - last.mean())
        scale = evidence.constant if evidence.constant > 0 else abs(float(losses[0]))
        if not (gain > 2 * noise and gain > self.least_gain * scale) and not (few and gain > -noise):
            return
        yield self.found(
            "WARN",
            f"after {evidence.steps_run:,} steps the loss was still falling ({before.mean():.3g} to "
            f"{last.mean():.3g} over the last third), with {evidence.skilled:.0%} of all skill",
            when="at the end",
            measured=gain,
            limit=float(2 * noise),
            evidence={
                "steps": evidence.steps_run,
                "skill": evidence.skilled,
                "plain network": evidence.plain.fair,
            },
            changes=(Epochs(10), Optimizer("Adam", 3e-3)),
        )
