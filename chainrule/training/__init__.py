"""L4: training a network, and what is recorded of it."""

from chainrule.training.callbacks import CALLBACKS, Callback
from chainrule.training.evaluation import evaluate
from chainrule.training.fitting import fit
from chainrule.training.history import History
from chainrule.training.stream import Stream
from chainrule.training.trainer import Trainer

__all__ = ["CALLBACKS", "Callback", "History", "Stream", "Trainer", "evaluate", "fit"]
