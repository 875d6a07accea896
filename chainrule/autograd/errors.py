"""What autograd raises. Code written for PyTorch catches RuntimeError and TypeError; these are both kinds."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.core.errors import ChainruleError, InputError, ShapeError
from chainrule.core.settings import nearest

__all__ = ["AutogradError", "InputError", "ShapeError", "StrictError", "UnsupportedError", "missing"]


class AutogradError(ChainruleError, RuntimeError):
    """An operation that its tensors or the graph do not allow."""


class UnsupportedError(ChainruleError, TypeError, NotImplementedError):
    """Something that PyTorch has and chainrule.autograd has not."""


class StrictError(AutogradError, ValueError):
    """Something that PyTorch allows and that is nearly always a mistake; ``strict(False)`` allows it here too."""


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """What a module says when asked for a name that PyTorch may have and it has not."""
    where = f"chainrule.autograd.{module}".rstrip(".")
    return AttributeError(
        f"{where} has no {name!r}: it holds what dense networks need.{nearest(name, known):.300}"
    )
