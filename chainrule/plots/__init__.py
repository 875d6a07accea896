"""L5: pictures, one file each; they need matplotlib, the extra ``plot``."""

from chainrule.plots.base import ready, save
from chainrule.plots.curves import Line, curves

__all__ = ["Line", "curves", "ready", "save"]
