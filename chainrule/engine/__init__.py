"""L3: the same mathematics as the textbook reading, with every array allocated once."""

from chainrule.engine.buffered import Engine
from chainrule.engine.gear import GEARS, Gear, choose
from chainrule.engine.threads import blas_threads, suited_threads

__all__ = ["GEARS", "Engine", "Gear", "blas_threads", "choose", "suited_threads"]
