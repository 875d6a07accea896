"""``torch.utils``: the data."""

from __future__ import annotations

from chainrule.autograd.errors import missing
from chainrule.autograd.utils import data

__all__ = ["data"]


def __getattr__(name: str) -> object:
    raise missing("utils", name, __all__)
