"""What a network's outputs mean: classes with names, or values with a unit."""

from chainrule.targets.base import TARGETS, Target

__getattr__ = TARGETS.attribute
__dir__ = TARGETS.attributes
__all__ = ["TARGETS", "Target"]
