from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.types import Array
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks.base import CALLBACKS, Callback

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


@CALLBACKS.register("gradient_norm")
class GradientNorm(Callback):
    """Records ||grad||_2, over all parameters: ``gradient_norm``, its mean over an epoch's steps, and its maximum.

    A step may overwrite the gradient, so it is measured just before: for the time of the training the optimizer is
    wrapped in one that does so.
    """

    def __init__(self) -> None:
        self._norms: list[float] = []
        self._optimizer: Optimizer | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        self._norms.clear()
        self._optimizer = trainer.optimizer
        trainer.optimizer = _Measured(trainer.optimizer.learning_rate, trainer.optimizer, self._norms)

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        row["gradient_norm"] = float(np.mean(self._norms))
        row["gradient_norm_max"] = float(np.max(self._norms))
        self._norms.clear()

    def on_fit_end(self, trainer: Trainer) -> None:
        if self._optimizer is not None:
            trainer.optimizer = self._optimizer


@dataclass(frozen=True)
class _Measured(Optimizer):
    """The optimizer, which first notes the norm of the gradient."""

    inner: Optimizer
    norms: list[float]

    name = "measured"

    def start(self, theta: Array) -> Any:
        return self.inner.start(theta)

    def step(
        self,
        theta: Array,
        grad: Array,
        state: Mapping[str, Array],
        t: int,
        lr: float,
        scratch: Array | None = None,
    ) -> None:
        # in float64: the squares of float32 overflow from 1e19 on
        self.norms.append(float(np.linalg.norm(grad.astype(np.float64, copy=False))))
        self.inner.step(theta, grad, state, t, lr, scratch)
