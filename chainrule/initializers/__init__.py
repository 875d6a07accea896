"""Initial weights, one scheme a file: ``chainrule.initializers.He()``."""

from chainrule.initializers.base import INITIALIZERS, Initializer

__getattr__ = INITIALIZERS.attribute
__dir__ = INITIALIZERS.attributes
__all__ = ["INITIALIZERS", "Initializer"]
