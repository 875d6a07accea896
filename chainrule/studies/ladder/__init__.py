"""One network, written eight times: from NumPy by hand to modules, an optimizer and chainrule's engine."""

from chainrule.studies.ladder.climb import COMPARED, TITLES, Curve, Group, climb
from chainrule.studies.ladder.quadrants import Answers, quadrants

__all__ = ["COMPARED", "TITLES", "Answers", "Curve", "Group", "climb", "quadrants"]
