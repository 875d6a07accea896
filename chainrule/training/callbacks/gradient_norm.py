from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.training.callbacks.base import CALLBACKS, Callback

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


@CALLBACKS.register("gradient_norm")
@dataclass(eq=False)
class GradientNorm(Callback):
    """Records ||grad||_2, over all parameters: ``gradient_norm``, its mean over an epoch's steps, and its maximum.

    It is the gradient of the loss, before penalties are added to it and before it is clipped. A step may overwrite
    it, so it is measured before.
    """

    _norms: list[float] = field(default_factory=list, init=False, repr=False)

    def on_fit_start(self, trainer: Trainer) -> None:
        self._norms.clear()
        gradient = trainer.engine.grad.theta

        def measure(rate: float) -> None:
            # in float64: the squares of float32 overflow from 1e19 on
            self._norms.append(float(np.linalg.norm(gradient.astype(np.float64, copy=False))))

        trainer.before_step.insert(0, measure)

    def state(self) -> dict[str, Any]:
        return {"norms": np.array(self._norms)}

    def set_state(self, state: dict[str, Any]) -> None:
        self._norms[:] = state["norms"].tolist()

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        row["gradient_norm"] = float(np.mean(self._norms))
        row["gradient_norm_max"] = float(np.max(self._norms))
        self._norms.clear()
