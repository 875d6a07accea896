"""Losses, one a file; each takes logits: ``chainrule.losses.CrossEntropy()``."""

from chainrule.losses.base import LOSSES, Loss

__getattr__ = LOSSES.attribute
__dir__ = LOSSES.attributes
__all__ = ["LOSSES", "Loss"]
