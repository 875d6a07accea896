from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import ShapeError
from chainrule.core.settings import choice
from chainrule.core.types import Array, DType
from chainrule.losses._targets import labels, labels_or_shares, only_labels, values
from chainrule.losses.base import Loss, same_shape


@dataclass(frozen=True)
class Difference(Loss):
    """L = sum l(z - y) / (n k), of the difference between output and target alone.

    The outputs are taken as they are, so any activation may stand last. With ``task`` "classes" the targets are
    labels, (n,), which become one-hot rows, and the largest output decides; of one output the labels are 0 and 1,
    and 1/2 is the border. That is how networks learned classes before cross-entropy; it learns more slowly, as
    behind a sigmoid or softmax the gradient vanishes also where the output is wrong.
    """

    task: Literal["values", "classes"] = "values"  # type: ignore[misc]  # a setting here, a constant elsewhere

    link = "identity"
    wants_logits = False
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"reduction": "sum"}, {"task": "classes"})

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(f"{self.name}: task", self.task, ("values", "classes"))

    @abstractmethod
    def distance(self, d: Array, losses: Array, spare: Array) -> None:
        """Fill ``losses`` with l(d), and ``d`` with l'(d); ``spare`` is memory. All are (n, k)."""

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        same_shape(self.name, logits, target)
        losses, spare = self.scratch_for(logits, target) if scratch is None else scratch
        d = np.subtract(logits, target, out=out)
        self.distance(d, losses, spare)
        return losses, d

    def scratch_for(self, logits: Array, target: Array) -> Array:
        return np.empty((2, *logits.shape), logits.dtype)

    def for_task(self, task: str) -> Loss | None:
        return dataclasses.replace(self, task="classes") if task == "classes" else super().for_task(task)

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if self.task == "classes":
            return self._one_hot(checks.numeric("the target", target), n, k, dtype)
        target = checks.numeric("the target", target)
        if target.shape == (n,) and k > 1 and target.dtype.kind in "iu":
            raise ShapeError(
                f"{self.name}: the network gives {(n, k)}, the target is {(n,)}; they must be equal. If these are "
                f'labels of classes, try loss="{self.name}:task=classes"',
                guard="loss-shape",
            )
        return values(self.name, target, n, k, dtype)

    def _one_hot(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if k == 1:
            flat = target[:, 0] if target.shape == (n, 1) else target
            return labels(flat, 2)[:, None].astype(dtype)
        ids = only_labels(self.name, labels_or_shares(self.name, target, n, k, dtype))
        return np.eye(k, dtype=dtype)[ids]

    def decide(self, logits: Array) -> Array:
        if self.task == "values":
            return logits
        if logits.shape[1] == 1:
            return (logits[:, 0] > 0.5).astype(np.intp)
        return np.asarray(logits.argmax(axis=1))

    def labels(self, target: Array) -> Array:
        return self.decide(target)

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.standard_normal((n, k)) if self.task == "values" else np.eye(k)[rng.integers(0, k, n)]
