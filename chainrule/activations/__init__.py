"""Activation functions, one a file: ``chainrule.activations.ReLU()``."""

from chainrule.activations.base import ACTIVATIONS, Activation

__getattr__ = ACTIVATIONS.attribute
__dir__ = ACTIVATIONS.attributes
__all__ = ["ACTIVATIONS", "Activation"]
