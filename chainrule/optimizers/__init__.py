"""Optimizers, one a file, on flat vectors: ``chainrule.optimizers.Adam(learning_rate=1e-3)``."""

from chainrule.optimizers.base import OPTIMIZERS, FullBatch, Optimizer, stepwise

__getattr__ = OPTIMIZERS.attribute
__dir__ = OPTIMIZERS.attributes
__all__ = ["OPTIMIZERS", "FullBatch", "Optimizer", "stepwise"]
