"""What a metric is: a number that says how good predictions are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Metric(ABC):
    """metric(truth, predicted), in scikit-learn's order of arguments.

    For the task "values" both are (n, k). For "classes" the truth is integer labels, (n,) or (n, k) for several
    yes-or-no answers a row, and ``predicted`` is what the metric ``reads``: "decisions", in the form of the
    truth, or "probabilities", (n, k): a column for each class, or for each yes-or-no answer. With two classes
    the probability of yes alone, (n,), will do. Metrics that only rank take any scores for probabilities.

    Raises ShapeError where the shapes don't fit, InputError of no rows and of what is no label or probability.
    """

    name: ClassVar[str]
    task: ClassVar[Literal["classes", "values"]]
    reads: ClassVar[Literal["decisions", "probabilities"]] = "decisions"  # of "values" they are the values
    better: ClassVar[Literal["higher", "lower"]] = "higher"
    scalar: ClassVar[bool] = True  # one number; else an array

    @abstractmethod
    def __call__(self, truth: Array, predicted: Array) -> Any:
        """The metric of these predictions."""


METRICS: Registry[Metric] = Registry("metric", __name__, __file__)
