"""How points are chosen from a space, one way a file."""

from chainrule.studies.sweeps.searches.base import SEARCHES, Search

__getattr__ = SEARCHES.attribute
__dir__ = SEARCHES.attributes
__all__ = ["SEARCHES", "Search"]
