"""Layers, one a file: ``chainrule.layers.Dense(784, 128)``."""

from chainrule.layers.base import LAYERS, Layer, Module, activation_names, describe, make, normalization_names

__getattr__ = LAYERS.attribute
__dir__ = LAYERS.attributes
__all__ = ["LAYERS", "Layer", "Module", "activation_names", "describe", "make", "normalization_names"]
