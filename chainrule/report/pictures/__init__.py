"""What can be drawn of runs, one kind a file: each finds the numbers that ``chainrule.plots`` draws."""

from chainrule.report.pictures.base import PICTURES, Drawn, Picture

__getattr__ = PICTURES.attribute
__dir__ = PICTURES.attributes
__all__ = ["PICTURES", "Drawn", "Picture"]
