from __future__ import annotations

from typing import ClassVar

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.types import Array, DType
from chainrule.losses._targets import answers
from chainrule.losses.base import Loss


class YesNo(Loss):
    """Of yes or no, by sigmoid: one output, or k outputs of which any number may be yes."""

    link = "sigmoid"
    task = "classes"
    for_many: ClassVar[str]  # the loss for more than two classes

    def outputs(self, classes: int) -> int:
        if classes != 2:
            raise SettingError(f"{self.name} is for two classes; the target has {classes}. Try {self.for_many}")
        return 1

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        return answers(self.name, target, n, k, dtype, self.for_many)

    def labels(self, target: Array) -> Array:
        return self.decide(target - 0.5)

    def decide(self, logits: Array) -> Array:
        yes = (logits > 0).astype(np.intp)  # p > 1/2
        return yes[:, 0] if yes.shape[1] == 1 else yes

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.integers(0, 2, (n, k)).astype(float)
