"""Regularizers, one a file: ``chainrule.regularizers.MaxNorm(limit=3)``."""

from chainrule.regularizers.base import REGULARIZERS, Regularizer

__getattr__ = REGULARIZERS.attribute
__dir__ = REGULARIZERS.attributes
__all__ = ["REGULARIZERS", "Regularizer"]
