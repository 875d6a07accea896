"""What the rules read: facts of the program, measurements before training, the record of training, its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.data_facts import DataFacts
from chainrule.diagnosis.experiments import Learnable
from chainrule.diagnosis.loss_facts import LossFacts
from chainrule.diagnosis.program import Program
from chainrule.diagnosis.record import Record
from chainrule.diagnosis.reliability import Reliability
from chainrule.diagnosis.sight import Look
from chainrule.diagnosis.start_facts import Line, StartFacts
from chainrule.diagnosis.tasks import Task

LEARNED = 0.1  # of skill; below it nothing worth the name was learned
BEHIND = 0.15  # of skill
FEW, RARE = 5, 0.01  # rows, and their share
SOME = 30  # rows held out; fewer tell nothing
LAGGING = 0.05  # of skill
GOOD = 0.9  # of skill: what trains well is not ill


@dataclass
class Score:
    """The loss as written, and skill (see ``tasks.skill``), on some rows. NaN and -inf where they can't be had."""

    loss: float = float("nan")
    skill: float = float("nan")


@dataclass
class Evidence:
    """All that is known of one program. What could not be measured is None, and rules about it stay silent.

    ``constant`` is the loss, as written, of the best constant prediction, ``perfect`` that of the targets
    themselves.
    ``look`` is the network over the probe rows before training, ``end`` after it. ``recall`` is the share of each
    class' rows that the trained network names rightly. ``problem`` is the error that ended the program.

    Of experiments (``experiments``): ``plain`` is what a plain network learns of the same data, ``own`` what
    this one does on rows held out, ``free`` the skill without dropout, decay and penalties, ``training_mode``
    the skill of the trained network left in training mode, ``late`` line probes at the end. ``right`` is the
    share of right answers on the rows scored. ``reliability`` is of the rows of the validation, or of ``own``.
    ``shuffled`` is the pace of this network on labels in another order (``experiments.pace``), where it knew
    nothing of rows it had not seen.
    """

    program: Program
    task: Task
    loss: LossFacts
    data: DataFacts
    probe: tuple[Array, Array]
    look: Look | None = None
    start: StartFacts = field(default_factory=StartFacts)
    constant: float = float("nan")
    perfect: float = float("nan")
    record: Record = field(default_factory=Record)
    end: Look | None = None
    train: Score = field(default_factory=Score)
    validation: Score = field(default_factory=Score)
    plain: Learnable = field(default_factory=Learnable)
    own: Learnable = field(default_factory=Learnable)
    free: float = float("nan")
    training_mode: float = float("nan")
    late: list[Line] = field(default_factory=list)
    right: float = float("nan")
    reliability: Reliability | None = None
    shuffled: float = float("nan")
    recall: dict[float, float] = field(default_factory=dict)
    problem: Exception | None = None
    problem_step: int = 0
    epochs_run: int = 0
    steps_run: int = 0
    cut_short: str | None = None

    @property
    def output(self) -> str | None:
        """The activation after the last dense layer; None where there is none, and where nothing was seen."""
        return None if self.look is None or not self.look.layers else self.look.last.activation

    @cached_property
    def loss_skill(self) -> float:
        """1 - loss / loss of the best constant prediction; NaN where that is 0 or the loss may be negative."""
        if self.loss.kind in ("unknown", "other", "poisson", "gamma") or not self.constant > 0:
            return float("nan")
        return 1.0 - self.train.loss / self.constant if np.isfinite(self.train.loss) else float("nan")

    @cached_property
    def skilled(self) -> float:
        """What was learned of the training rows: the better of both skills, as one may not see what the other
        does."""
        known = [value for value in (self.train.skill, self.loss_skill) if not np.isnan(value)]
        return max(known, default=float("nan"))

    @property
    def by_heart(self) -> bool:
        """Whether rows are learned that tell nothing of rows that were not, by two standard errors."""
        seen, unseen, rows = self.held
        return bool(seen > 0.5 and rows >= SOME and unseen <= 2 / rows**0.5)

    @property
    def held(self) -> tuple[float, float, int]:
        """Skill on rows trained on and on rows held out, and how many those are: of the validation, or ``own``."""
        if self.program.validation is not None:
            return self.train.skill, self.validation.skill, len(self.program.validation[0])
        return self.own.seen, self.own.unseen, self.program.rows // 4

    @cached_property
    def worsening(self) -> bool:
        """Whether the last tenth of the losses is clearly above the best tenth, beyond their noise."""
        losses = np.asarray(self.record.losses)
        if len(losses) and not np.isfinite(losses).all():
            return True
        if len(losses) < 40:
            return False
        tenths = [part for part in np.array_split(losses, 10) if len(part)]
        means = np.array([part.mean() for part in tenths])
        best = int(np.argmin(means))
        noise = np.hypot(tenths[-1].std() / len(tenths[-1]) ** 0.5, tenths[best].std() / len(tenths[best]) ** 0.5)
        return bool(means[-1] - means[best] > max(4 * noise, 0.5 * abs(means[0] - means[best])))

    @cached_property
    def ill(self) -> bool:
        """The gate against crying wolf: nothing worth the name was learned, or much less than the data allow, or
        what was learned is being lost."""
        if self.problem is not None or self.worsening:
            return True
        return self.telling and (not self.skilled >= LEARNED or self.behind > BEHIND)

    @property
    def telling(self) -> bool:
        """Whether skill tells anything: of a few rows among very many that no constant gets right, it is
        chance."""
        wrong = self.data.n - max(self.data.counts.values(), default=0)
        return not self.data.counts or wrong >= FEW or wrong > RARE * self.data.n

    @cached_property
    def behind(self) -> float:
        """How much less it learned of its own rows than a plain network knows of rows it never saw; 0 if
        unknown."""
        gap = self.plain.fair - self.skilled
        return 0.0 if np.isnan(gap) else float(gap)

    @property
    def hopeless(self) -> bool:
        """Whether a plain network, too, learns nothing of these data that holds on rows it did not see."""
        return self.plain.unseen < LEARNED

    @property
    def lagging(self) -> bool:
        """Ill, or a little behind what the data allow: enough for a rule that has other evidence."""
        return self.ill or (self.behind > LAGGING and self.skilled < GOOD)

    @property
    def trained(self) -> bool:
        """Whether there is a training to judge."""
        return self.steps_run > 0
