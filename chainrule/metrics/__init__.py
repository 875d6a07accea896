"""Metrics, one a file: ``chainrule.metrics.Accuracy()``."""

from chainrule.metrics.base import METRICS, Metric

__getattr__ = METRICS.attribute
__dir__ = METRICS.attributes
__all__ = ["METRICS", "Metric"]
