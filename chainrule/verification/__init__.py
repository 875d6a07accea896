"""L5: the cross-check of everything on the shelves, on the user's own machine."""

from chainrule.verification.checks import Row, verify

__all__ = ["Row", "verify"]
