"""One network, written eight times: from NumPy by hand to modules, an optimizer and chainrule's engine."""

from chainrule.studies.ladder.climb import AGREEMENT, COMPARED, TITLES, Curve, Group, climb, libraries
from chainrule.studies.ladder.quadrants import LONG_RATE, LONG_STEPS, Answers, quadrants

__all__ = [
    "AGREEMENT",
    "COMPARED",
    "LONG_RATE",
    "LONG_STEPS",
    "TITLES",
    "Answers",
    "Curve",
    "Group",
    "climb",
    "libraries",
    "quadrants",
]
