"""How hopeless runs are stopped early, one way a file."""

from chainrule.studies.sweeps.pruners.base import PRUNERS, Pruner

__getattr__ = PRUNERS.attribute
__dir__ = PRUNERS.attributes
__all__ = ["PRUNERS", "Pruner"]
