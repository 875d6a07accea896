"""One file a way in which new data differ from those of training. See ``base``."""

from chainrule.diagnosis.drifts.base import DRIFTS, Drift

__all__ = ["DRIFTS", "Drift"]
