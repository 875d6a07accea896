"""L5: pictures, one file each; they need matplotlib, the extra ``plot``."""

from chainrule.plots.base import ready, save
from chainrule.plots.curves import Line, curves
from chainrule.plots.graph import graph

__all__ = ["Line", "curves", "graph", "ready", "save"]
