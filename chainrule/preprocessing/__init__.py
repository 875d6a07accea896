"""What happens to features before the network sees them, fitted on training rows alone."""

from chainrule.preprocessing.base import PREPROCESSING, Preprocessing

__getattr__ = PREPROCESSING.attribute
__dir__ = PREPROCESSING.attributes
__all__ = ["PREPROCESSING", "Preprocessing"]
