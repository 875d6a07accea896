"""All that decides a training's future: weights, buffers, optimizer state, the step, and the generators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.optimizers import Optimizer


@dataclass
class Sums:
    """What an epoch has summed up so far. ``seconds`` are those that processes before this one spent on it."""

    loss: float = 0.0  # of a mean loss each batch's counts by its rows, or their weights
    mass: float = 0.0  # those rows, or weights
    rate: float = 0.0  # the learning rate of the last step
    done: int = 0  # rows of the chunks that are finished
    seconds: float = 0.0


class TrainingState:
    """The arrays are the live ones: the network's theta and buffers, the optimizer's own.

    ``t`` counts steps from 1. ``shuffle`` draws the order of the rows, ``noise`` what layers draw, each of
    ``draws`` what a regularizer draws: one doesn't change the other. ``schedule`` is what a schedule remembers.
    ``mean`` are averages of weights and buffers, over ``averaged`` moments, or None. ``within`` an epoch,
    ``chunk`` and ``row`` say where the next batch begins; ``before_order`` is the shuffle's generator as it was
    before it drew the order of these rows, so that the order need not be kept.
    """

    def __init__(self, theta: Array, buffers: Array, optimizer: Optimizer, seed: int) -> None:
        self.theta, self.buffers = theta, buffers
        self.rule = optimizer
        self.optimizer = optimizer.start(theta)
        self.shuffle = generator(seed, "shuffle")
        self.noise = generator(seed, "noise")
        self.draws: dict[str, np.random.Generator] = {}
        self.schedule: dict[str, float] = {}
        self.mean: list[Array] | None = None
        self.last: list[Array] | None = None  # the weights themselves, while the network holds the mean
        self.averaged = 0
        self.t = 0
        self.epoch = 0
        self.within = False
        self.chunk = 0  # of a stream
        self.row = 0  # of the order of the rows; while a batch is learned from, where that one begins
        self.sums = Sums()
        self.before_order: Mapping[str, Any] = self.shuffle.bit_generator.state
        self._kept: tuple[int, int, list[Mapping[str, Any]], list[Array]] | None = None

    @property
    def learned(self) -> list[Array]:
        """What a training leaves in the network: its weights and buffers."""
        return [self.theta, self.buffers]

    def begin_epoch(self) -> None:
        """The next one, unless this one is not over."""
        if not self.within:
            self.epoch += 1
            self.within, self.chunk, self.row, self.sums = True, 0, 0, Sums()

    def end_epoch(self) -> None:
        """Wherever it is."""
        self.within, self.chunk, self.row = False, 0, 0

    def order(self, rows: int, shuffled: bool) -> Array:
        """Of the rows, or chunk, to be learned from now."""
        self.before_order = self.shuffle.bit_generator.state
        return self.shuffle.permutation(rows) if shuffled else np.arange(rows)

    def _generators(self) -> list[np.random.Generator]:
        return [self.noise, *self.draws.values()]

    def _arrays(self) -> list[Array]:
        return [self.theta, self.buffers, *self.optimizer.values()]

    def finite(self) -> bool:
        """Whether weights and buffers are."""
        # A norm is cheap; it overflows before the weights do, so then each one is looked at.
        return all(np.isfinite(np.vdot(array, array)) or np.isfinite(array).all() for array in self.learned)

    def keep(self) -> bool:
        """Remember this moment within the epoch, to come back to; False if what was learned is not finite."""
        if not self.finite():
            return False
        drawn = [rng.bit_generator.state for rng in self._generators()]
        if self._kept is None:
            self._kept = (self.t, self.row, drawn, [array.copy() for array in self._arrays()])
            return True
        copies = self._kept[-1]
        for copy, array in zip(copies, self._arrays(), strict=True):
            copy[:] = array
        self._kept = (self.t, self.row, drawn, copies)
        return True

    def go_back(self) -> None:
        """Return to the moment last kept. The shuffle's generator has drawn this epoch's order already."""
        assert self._kept is not None
        self.t, self.row, drawn, copies = self._kept
        for rng, state in zip(self._generators(), drawn, strict=True):
            rng.bit_generator.state = state
        for copy, array in zip(copies, self._arrays(), strict=True):
            array[:] = copy
