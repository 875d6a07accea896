from __future__ import annotations

from typing import ClassVar

import numpy as np

from chainrule.core.errors import ShapeError
from chainrule.core.types import Array, DType
from chainrule.losses._targets import labels_or_shares
from chainrule.losses.base import Loss


class OneClass(Loss):
    """Of one class among k, by softmax; the mean is over rows. The largest logit decides."""

    link = "softmax"
    task = "classes"
    for_two: ClassVar[str]  # the loss for a yes-or-no target with one output

    def count(self, n: int, k: int) -> int:
        return n

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if k < 2:
            raise ShapeError(
                f"{self.name} needs two outputs or more, one a class; the network has 1. For a yes-or-no "
                f"target with one output use {self.for_two}",
                guard="loss-shape",
            )
        return labels_or_shares(self.name, target, n, k, dtype)

    def decide(self, logits: Array) -> Array:
        return np.asarray(logits.argmax(axis=1))

    def labels(self, target: Array) -> Array:
        return target if target.ndim == 1 else np.argmax(target, axis=1)

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.integers(0, k, n)
