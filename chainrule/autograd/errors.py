"""What autograd raises: a ChainruleError that is also what code written for PyTorch catches.

AutogradError          also a RuntimeError and a ValueError, between which PyTorch wavers
├── ShapeError         shapes that do not fit
├── OperandError       an argument of the wrong kind (also a TypeError)
├── KeyNameError       a name that cannot be registered (also a KeyError)
├── PositionError      a dimension or index out of range (also an IndexError)
└── StrictError        what ``strict(False)`` would allow
UnsupportedError       what PyTorch has and this has not (also a TypeError and a NotImplementedError)
MissingNameError       the same of a name (also an AttributeError)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.core import errors
from chainrule.core.errors import ChainruleError, InputError
from chainrule.core.settings import nearest

__all__ = [
    "AutogradError", "InputError", "KeyNameError", "MissingNameError", "OperandError", "PositionError",
    "ShapeError", "StrictError", "UnsupportedError", "flag", "missing",
]  # fmt: skip


class AutogradError(ChainruleError, RuntimeError, ValueError):
    """An operation that its tensors or the graph do not allow."""


class ShapeError(AutogradError, errors.ShapeError):
    """Shapes that do not fit each other."""


class OperandError(AutogradError, TypeError):
    """An argument of the wrong kind."""


class PositionError(AutogradError, IndexError):
    """A dimension, index or label that is out of range."""


class KeyNameError(AutogradError, KeyError):
    """A name under which nothing can be registered."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class StrictError(AutogradError):
    """Something that PyTorch allows and that is nearly always a mistake; ``strict(False)`` allows it here too."""


class UnsupportedError(ChainruleError, TypeError, NotImplementedError):
    """Something that PyTorch has and chainrule.autograd has not."""


class MissingNameError(ChainruleError, AttributeError):
    """A name that PyTorch may have and chainrule.autograd has not."""


def flag(value: Any, what: str) -> bool:
    """True or False, and nothing that is merely true, as in PyTorch."""
    if isinstance(value, bool):
        return value
    raise OperandError(f"{what} is True or False, not {value!r:.40}")


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """What a module says when asked for a name that PyTorch may have and it has not."""
    where = f"chainrule.autograd.{module}".rstrip(".")
    if name in ("cuda", "mps", "xpu", "to_mkldnn"):
        return MissingNameError(
            f"{where} has no {name!r}: it computes on the CPU; leave the move out, or to('cpu')"
        )
    return MissingNameError(
        f"{where} has no {name!r}: it holds what dense networks need.{nearest(name, known):.300}"
    )
