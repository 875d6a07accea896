"""All that decides a training's future: weights, optimizer state, the step, and the shuffle's generator."""

from __future__ import annotations

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.optimizers import Optimizer


class TrainingState:
    """The arrays are the live ones: the network's theta, the optimizer's own. ``t`` counts steps from 1."""

    def __init__(self, theta: Array, optimizer: Optimizer, seed: int) -> None:
        self.theta = theta
        self.optimizer = optimizer.start(theta)
        self.shuffle = generator(seed, "shuffle")
        self.t = 0
        self.epoch = 0
        self.row = 0  # of the epoch's order, where the next batch begins
        self._kept: tuple[int, int, list[Array]] | None = None

    def _arrays(self) -> list[Array]:
        return [self.theta, *self.optimizer.values()]

    def keep(self) -> bool:
        """Remember this moment within the epoch, to come back to; False if the weights are not finite."""
        # A norm is cheap; it overflows before the weights do, so then each one is looked at.
        if not np.isfinite(np.vdot(self.theta, self.theta)) and not np.isfinite(self.theta).all():
            return False
        if self._kept is None:
            self._kept = (self.t, self.row, [array.copy() for array in self._arrays()])
            return True
        _, _, copies = self._kept
        for copy, array in zip(copies, self._arrays(), strict=True):
            copy[:] = array
        self._kept = (self.t, self.row, copies)
        return True

    def go_back(self) -> None:
        """Return to the moment last kept. The shuffle's generator has drawn this epoch's order already."""
        assert self._kept is not None
        self.t, self.row, copies = self._kept
        for copy, array in zip(copies, self._arrays(), strict=True):
            array[:] = copy
