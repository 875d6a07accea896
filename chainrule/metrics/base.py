"""What a metric is: a number that says how good predictions are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Metric(ABC):
    """metric(truth, predicted), in scikit-learn's order of arguments.

    For the task "classes" both are integer labels, (n,) or (n, k) for several yes-or-no answers a row; for
    "values" both are (n, k). Raises ShapeError where the shapes differ.
    """

    name: ClassVar[str]
    task: ClassVar[Literal["classes", "values"]]
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    scalar: ClassVar[bool] = True  # one number; else an array

    @abstractmethod
    def __call__(self, truth: Array, predicted: Array) -> Any:
        """The metric of these predictions."""


METRICS: Registry[Metric] = Registry("metric", __name__, __file__)
