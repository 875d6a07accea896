"""``torch.utils``."""

from chainrule.autograd.utils import data

__all__ = ["data"]
