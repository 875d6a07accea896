"""L3: the same mathematics as the textbook reading, with every array allocated once."""

from chainrule.engine.buffered import Engine

__all__ = ["Engine"]
