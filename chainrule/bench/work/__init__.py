"""What is measured, one file for each kind of work."""

from chainrule.bench.work.base import WORK, Session, Work

__all__ = ["WORK", "Session", "Work"]
