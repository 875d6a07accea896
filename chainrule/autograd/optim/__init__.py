"""``torch.optim``: optimizers and schedules."""

from __future__ import annotations

from chainrule.autograd.errors import missing
from chainrule.autograd.optim import lr_scheduler
from chainrule.autograd.optim.adam import Adam, AdamW
from chainrule.autograd.optim.adaptive import Adagrad, RMSprop
from chainrule.autograd.optim.base import Optimizer
from chainrule.autograd.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]


def __getattr__(name: str) -> object:
    raise missing("optim", name, __all__)
