"""Sweeps: many trainings of one source over a space of settings, here or on a cluster, interrupted or not."""

from chainrule.studies.sweeps.conduct import Progress, Session, Sweep
from chainrule.studies.sweeps.importance import Importance, importance
from chainrule.studies.sweeps.plan import Plan
from chainrule.studies.sweeps.results import Outcome, Results
from chainrule.studies.sweeps.space import Choices, Range, Space
from chainrule.studies.sweeps.storage import Store
from chainrule.studies.sweeps.workers import Workers

__all__ = [
    "Choices", "Importance", "Outcome", "Plan", "Progress", "Range", "Results", "Session", "Space", "Store",
    "Sweep", "Workers", "importance",
]  # fmt: skip
