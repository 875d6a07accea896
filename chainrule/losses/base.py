"""What a loss is: a number for a batch of logits and targets, and its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np

from chainrule.core.errors import ShapeError
from chainrule.core.kernels import Formulas, loops
from chainrule.core.registry import Registry
from chainrule.core.settings import choice
from chainrule.core.types import Array, DType


@dataclass(frozen=True)
class Loss(ABC):
    """L(logits, target) and dL/dlogits.  logits: (n, k), the values of the last layer before any link.

    Every loss works from logits and owns its ``link``, the activation that turns them into outputs
    (softmax into probabilities of classes, sigmoid into probabilities of yes, exp into a positive mean, identity
    into values or margins): together they have a stable value and a simple gradient, apart they have neither.

    A loss says what each row, or each output of each row, loses (``terms``); the sum of them or their mean is
    taken here, as PyTorch does. With weights, L = sum w l, or sum w l / sum w. The factor is in the gradient.
    """

    reduction: Literal["mean", "sum"] = "mean"

    name: ClassVar[str]
    link: ClassVar[str]
    task: ClassVar[Literal["classes", "values"]]
    wants_logits: ClassVar[bool] = True  # so that a sigmoid or softmax of the network's own would be a mistake
    scales: ClassVar[bool] = True  # whether values may be standardized before they are compared
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"reduction": "sum"})  # settings to test it in

    def __post_init__(self) -> None:
        choice(f"{self.name}: reduction", self.reduction, ("mean", "sum"))

    @abstractmethod
    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        """A user's target for n rows and k outputs, checked, in the form ``terms`` takes."""

    @abstractmethod
    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Any = None
    ) -> tuple[Array, Array]:
        """The losses, (n, 1) a row or (n, k) an output, and the derivative of their sum by the logits, (n, k).

        The derivative is written to ``out``, which is none of the inputs. ``scratch`` is what ``scratch_for``
        returned for a batch of those shapes, or None; the losses may lie in it. Raises ShapeError where the
        shapes don't fit: nothing is ever broadcast.
        """

    def value_and_gradient(
        self,
        logits: Array,
        target: Array,
        weight: Array | None = None,
        out: Array | None = None,
        scratch: Any = None,
    ) -> tuple[float, Array]:
        """The loss of the batch, and its derivative with respect to the logits, (n, k), in ``out``.

        ``weight`` is (n, 1), a number a row, or of the shape of ``terms``; none is negative. If all are 0, both
        are 0.
        """
        losses, gradient = self.terms(logits, target, out, scratch)
        mean = self.reduction == "mean"
        if weight is None:
            factor = 1.0 / losses.size if mean else 1.0
            value = float(np.add.reduce(losses, axis=None)) * factor
            gradient *= factor
            return value, gradient
        weights(self.name, losses, weight)
        total = float(np.add.reduce(weight, axis=None)) * (losses.size // weight.size) if mean else 1.0
        factor = 1.0 / total if total else 0.0
        losses *= weight
        value = float(np.add.reduce(losses, axis=None)) * factor
        gradient *= weight
        gradient *= factor
        return value, gradient

    def fused(
        self, z: Array, b: Array, target: Array, weight: Array | None, d: Array, db: Array
    ) -> Callable[[], float] | None:
        """A call that gives the loss of the logits z + b and fills d, dL/dz, and db, its sum over the rows.

        By compiled loops; z becomes working memory. None where there is no such form.
        """
        value, slope, constants = self.formulas()
        if value is None or slope is None or (weight is not None and weight.shape[1] != 1):
            return None
        w = np.ones((len(z), 1), z.dtype) if weight is None else weight
        given = tuple(z.dtype.type(c) for c in constants)
        return partial(
            loops(_terms, value, slope).compiled, z, b, target, w, self.reduction == "mean", d, db, given
        )

    def formulas(self) -> Formulas:
        """value(z, y) and slope(z, y), of one number and its target, for a loss whose terms are (n, k)."""
        return Formulas()

    @abstractmethod
    def decide(self, logits: Array) -> Array:
        """Predictions: class ids (n,) or values (n, k)."""

    def in_torch(self, torch: Any) -> Any:
        """The same as a function of tensors, logits and target, of ``torch``: PyTorch, or ``chainrule.autograd``.

        None where PyTorch has no such loss.
        """
        return None

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        """A target for n rows of k outputs, prepared: for tests."""
        return rng.standard_normal((n, k))

    def for_task(self, task: str) -> Loss | None:
        """This loss for targets of that task, "classes" or "values"; None if it can't learn them."""
        return self if task == self.task else None

    def outputs(self, classes: int) -> int:
        """How many outputs a network needs for so many classes; SettingError if they are too many or too few."""
        return classes

    @property
    def gives_probabilities(self) -> bool:
        """Whether the link makes probabilities of classes."""
        return self.task == "classes" and self.link != "identity"

    def labels(self, target: Array) -> Array:
        """A prepared target in the form ``decide`` gives, to compare predictions with."""
        return target

    def scratch_for(self, logits: Array, target: Array) -> Any:
        """Working memory for batches shaped like these, allocated once by the engine."""
        return None

    def count(self, n: int, k: int) -> int:
        """What the mean of n rows divides by, where there are no weights."""
        return n * k


def same_shape(loss: str, logits: Array, target: Array) -> None:
    """Refuse a target of another shape than the logits, with the reshape that would fit."""
    if logits.shape != target.shape:
        hint = ""
        if logits.size == target.size:
            hint = f" They have as many numbers; if they mean the same, try target.reshape{logits.shape}"
        raise ShapeError(
            f"{loss}: the network gives {logits.shape}, the target is {target.shape}; they must be equal, "
            f"as broadcasting them would give a wrong loss.{hint}",
            guard="loss-shape",
        )


def weights(loss: str, losses: Array, weight: Array) -> None:
    """Refuse weights that are neither one a row nor one a term."""
    n = len(losses)
    if weight.shape not in ((n, 1), losses.shape) or losses.ndim != 2:
        raise ShapeError(f"{loss}: weights are ({n}, 1), one a row, or {losses.shape}; these are {weight.shape}")


def _terms(value: Any, slope: Any, stamp: str) -> Callable[..., float]:
    def loop(z, b, y, w, mean, d, db, c):  # type: ignore[no-untyped-def]
        stamp  # noqa: B018
        n, k = z.shape
        total, mass = 0.0, 0.0
        for i in range(n):
            mass += w[i, 0] * k
        factor = 1.0
        if mean:
            factor = 1 / mass if mass > 0 else 0.0
        db[:] = 0
        for i in range(n):
            for j in range(k):
                logit = z[i, j] + b[j]
                total += w[i, 0] * value(logit, y[i, j], *c)
                d[i, j] = slope(logit, y[i, j], *c) * (w[i, 0] * factor)
                db[j] += d[i, j]
        return total * factor

    return loop


LOSSES: Registry[Loss] = Registry("loss", __name__, __file__)
