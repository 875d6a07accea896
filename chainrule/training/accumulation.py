"""The gradient of a batch in parts that fit into memory, summed as if it had been whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.engine import Engine


class Accumulation:
    """``gradient(rows)`` fills the engine's gradient with that of all rows, ``size`` of them at a time.

    Of a mean loss the parts are weighed by their rows, or the weights of those, so that the result is that of the
    whole batch to rounding. What looks at a batch as a whole (batch_norm, mixup) sees the parts.
    """

    def __init__(
        self,
        engine: Engine,
        size: int,
        mean: bool,
        weight: Array | None,
        on_batch: Sequence[Callable[[Any], None]],
    ) -> None:
        self._engine, self._size, self._mean, self.weight = engine, size, mean, weight
        self._on_batch = on_batch
        self._sum = np.empty_like(engine.grad.theta)

    def gradient(self, rows: Array) -> float:
        """The loss of all rows together."""
        grad, total = self._engine.grad.theta, 0.0
        self._sum.fill(0)
        whole = self._mass(rows)
        for start in range(0, len(rows), self._size):
            part = rows[start : start + self._size]
            plan = self._engine.batch(part)
            for change in self._on_batch:
                change(plan)
            value = plan.run()
            share = self._mass(part) / whole if self._mean and whole else 1.0
            total += share * value
            grad *= grad.dtype.type(share)
            self._sum += grad
        grad[:] = self._sum
        return total

    def _mass(self, rows: Array) -> float:
        return float(len(rows)) if self.weight is None else float(self.weight[rows].sum())
