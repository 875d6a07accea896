"""L6, below the command line: a run as one page for people, and its pictures."""

from chainrule.report.page import page

__all__ = ["page"]
