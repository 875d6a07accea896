"""L5: the cross-check of everything on the shelves, on the user's own machine."""

from chainrule.verification.checks import verify
from chainrule.verification.comparing import Row

__all__ = ["Row", "verify"]
