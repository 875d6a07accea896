"""Learning-rate schedules, one a file: ``chainrule.schedules.OneCycle()``."""

from chainrule.schedules.base import SCHEDULES, Schedule

__getattr__ = SCHEDULES.attribute
__dir__ = SCHEDULES.attributes
__all__ = ["SCHEDULES", "Schedule"]
