"""The losses that the estimators train with: scikit-learn's, to the factor, or any of the shelf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from scipy.special import xlogy

from chainrule.core.errors import SettingError
from chainrule.core.types import Array, DType
from chainrule.losses import LOSSES, Loss
from chainrule.losses.poisson import Poisson

Kind = Literal["binary", "multiclass", "multilabel"]


class Objective(NamedTuple):
    """``training`` is minimized; ``network``, of the shelf, says what outputs mean; ``outputs`` are how many."""

    training: Loss
    network: Loss
    outputs: int


def for_classes(spec: Any, kind: Kind, classes: int) -> Objective:
    """``"log_loss"``: the cross-entropy of one class of several, or the sum over yes-or-no answers."""
    several = kind == "multilabel"
    if spec == "log_loss":
        if kind == "multiclass":
            loss = LOSSES.make("cross_entropy")
            return Objective(loss, loss, classes)
        loss = LOSSES.make("binary_cross_entropy")
        outputs = classes if several else 1
        return Objective(_scaled(loss, outputs), loss, outputs)
    loss = _made(spec, "classes", "log_loss")
    return Objective(loss, loss, classes if several else loss.outputs(max(classes, 2)))


def for_values(spec: Any, outputs: int) -> Objective:
    """``"squared_error"``: half the mean square; ``"poisson"``: half the deviance, summed over the outputs."""
    if spec == "squared_error":
        loss = LOSSES.make("mean_squared_error")
        return Objective(_scaled(loss, 0.5), loss, outputs)
    if spec == "poisson":
        return Objective(_scaled(HalfPoissonDeviance(), outputs), LOSSES.make("poisson"), outputs)
    loss = _made(spec, "values", "squared_error")
    return Objective(loss, loss, outputs)


def _made(spec: Any, task: str, usual: str) -> Loss:
    made = LOSSES.make(spec)
    found = made.for_task(task)
    if found is None:
        raise SettingError(f"{made.name} is for {made.task}, and this estimator for {task}; try loss={usual!r}")
    return found


def _scaled(loss: Loss, factor: float) -> Loss:
    return loss if factor == 1 else Scaled(loss.reduction, inner=loss, factor=factor)


@dataclass(frozen=True)
class Scaled(Loss):
    """factor L, of another loss."""

    inner: Loss = field(kw_only=True)
    factor: float = field(kw_only=True)

    name = "scaled"

    @property
    def link(self) -> str:  # type: ignore[override]  # of the loss within, not of the class
        return self.inner.link

    @property
    def task(self) -> Literal["classes", "values"]:  # type: ignore[override]
        return self.inner.task

    @property
    def wants_logits(self) -> bool:  # type: ignore[override]
        return self.inner.wants_logits

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        return self.inner.prepare(target, n, k, dtype)

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Any = None
    ) -> tuple[Array, Array]:
        losses, gradient = self.inner.terms(logits, target, out, scratch)
        losses *= self.factor
        gradient *= self.factor
        return losses, gradient

    def fused(
        self, z: Array, b: Array, target: Array, weight: Array | None, d: Array, db: Array
    ) -> Callable[[], float] | None:
        call, factor = self.inner.fused(z, b, target, weight, d, db), self.factor
        if call is None:
            return None

        def scaled() -> float:
            value = call() * factor
            d.__imul__(factor)
            db.__imul__(factor)
            return value

        return scaled

    def decide(self, logits: Array) -> Array:
        return self.inner.decide(logits)

    def labels(self, target: Array) -> Array:
        return self.inner.labels(target)

    def scratch_for(self, logits: Array, target: Array) -> Any:
        return self.inner.scratch_for(logits, target)

    def count(self, n: int, k: int) -> int:
        return self.inner.count(n, k)


@dataclass(frozen=True)
class HalfPoissonDeviance(Poisson):
    """L = mean of y log(y / m) - y + m, m = exp(z): ``poisson`` with what makes it 0 where m = y."""

    name = "half_poisson_deviance"

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Array | None = None
    ) -> tuple[Array, Array]:
        losses, gradient = super().terms(logits, target, out, scratch)
        losses += xlogy(target, target)
        losses -= target
        return losses, gradient
