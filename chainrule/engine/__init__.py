"""L3: the same mathematics as the textbook reading, with every array allocated once."""

from chainrule.engine.buffered import Engine
from chainrule.engine.threads import blas_threads, suited_threads

__all__ = ["Engine", "blas_threads", "suited_threads"]
