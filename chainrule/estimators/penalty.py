"""scikit-learn's L2 term: it is shared out among the rows of a batch."""

from __future__ import annotations

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.params import Params
from chainrule.core.types import Array


class Penalty:
    """alpha / (2 mass) sum W^2, over weights, not biases; ``mass``: the batch's rows, or the sum of their weights.

    Called between the gradient and the optimizer's step: it adds its own gradient and leaves its ``value``. One
    vector, alpha at weights and 0 elsewhere, makes it three passes over theta, however many layers there are.
    """

    def __init__(self, alpha: float, params: Params, gradient: Params, fused: bool) -> None:
        self.mass = 1.0
        self.value = 0.0
        self._theta, self._gradient = params.theta, gradient.theta
        strengths = params.like()
        for name, array in params.items():
            if array.ndim > 1:
                strengths[name][:] = alpha
        self._strengths, self._work = strengths.theta, np.empty_like(params.theta)
        self._fused = fused

    def __call__(self, learning_rate: float = 0.0) -> None:
        share = 1 / self.mass if self.mass else 0.0
        if self._fused:
            self.value = _penalize.compiled(self._theta, self._strengths, self._gradient, share)
            return
        work = np.multiply(self._theta, self._strengths, out=self._work)
        self.value = 0.5 * share * float(np.vdot(work, self._theta))
        work *= share
        np.add(self._gradient, work, out=self._gradient)


@kernel
def _penalize(theta, strengths, gradient, share):  # type: ignore[no-untyped-def]
    real = theta.dtype.type
    total, factor = 0.0, real(share)
    for i in range(theta.size):
        change = theta[i] * strengths[i]
        total += change * theta[i]
        gradient[i] += change * factor
    return 0.5 * share * total


def sum_of(weight: Array | None, rows: Array) -> float:
    """What a mean over these rows divides by."""
    return len(rows) if weight is None else float(weight[rows].sum())
