"""Things that watch a training, one a file."""

from chainrule.training.callbacks.base import CALLBACKS, Callback

__getattr__ = CALLBACKS.attribute
__dir__ = CALLBACKS.attributes
__all__ = ["CALLBACKS", "Callback"]
