"""All that decides a training's future: weights, buffers, optimizer state, the step, and the generators."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.optimizers import Optimizer


class TrainingState:
    """The arrays are the live ones: the network's theta and buffers, the optimizer's own.

    ``t`` counts steps from 1. ``shuffle`` draws the order of the rows, ``noise`` what layers
    draw: one doesn't change the other.
    """

    def __init__(self, theta: Array, buffers: Array, optimizer: Optimizer, seed: int) -> None:
        self.theta, self.buffers = theta, buffers
        self.optimizer = optimizer.start(theta)
        self.shuffle = generator(seed, "shuffle")
        self.noise = generator(seed, "noise")
        self.t = 0
        self.epoch = 0
        self.row = 0  # of the epoch's order, where the next batch begins
        self._kept: tuple[int, int, dict[str, Any], list[Array]] | None = None

    def _arrays(self) -> list[Array]:
        return [self.theta, self.buffers, *self.optimizer.values()]

    def keep(self) -> bool:
        """Remember this moment within the epoch, to come back to; False if the weights are not finite."""
        # A norm is cheap; it overflows before the weights do, so then each one is looked at.
        if not np.isfinite(np.vdot(self.theta, self.theta)) and not np.isfinite(self.theta).all():
            return False
        if self._kept is None:
            copies = [array.copy() for array in self._arrays()]
            self._kept = (self.t, self.row, self.noise.bit_generator.state, copies)
            return True
        copies = self._kept[-1]
        for copy, array in zip(copies, self._arrays(), strict=True):
            copy[:] = array
        self._kept = (self.t, self.row, self.noise.bit_generator.state, copies)
        return True

    def go_back(self) -> None:
        """Return to the moment last kept. The shuffle's generator has drawn this epoch's order already."""
        assert self._kept is not None
        self.t, self.row, self.noise.bit_generator.state, copies = self._kept
        for copy, array in zip(copies, self._arrays(), strict=True):
            array[:] = copy
