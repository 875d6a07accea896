"""L4, above training: a whole run, from a source to a model file in a directory of its own."""

from chainrule.runs.config import RunConfig
from chainrule.runs.result import Result
from chainrule.runs.train import Run

__all__ = ["Result", "Run", "RunConfig"]
