"""What a regularizer is: something that keeps a training from learning its rows by heart, or from flying away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Regularizer(ABC):
    """One of the kinds below; the trainer calls each at its moment of a step, those of a kind in the order given.

    rows -> Augmentation -> loss and gradient -> Penalty -> Clip -> Decay -> optimizer -> Constraint -> Average

    W is one matrix of weights, (d_out, d_in). Only parameters of two axes or more are weights: biases, and the
    scales and shifts of normalizing layers, are neither penalized nor decayed nor constrained. Everything changes
    its arrays in place.
    """

    name: ClassVar[str]
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)  # settings to test it in


class Augmentation(Regularizer):
    """Changes the rows of a batch before it is learned from; in training only, by a generator of its own."""

    mixes_targets: ClassVar[bool] = False  # so that labels must become probabilities first

    @abstractmethod
    def change(self, x: Array, target: Array, weight: Array | None, rng: np.random.Generator) -> None:
        """Another batch: x (n, d), the prepared target, and weights (n, 1) if there are any."""


class Penalty(Regularizer):
    """A term added to the loss of every batch, whatever its size and the loss's reduction."""

    @abstractmethod
    def value(self, W: Array) -> float:
        """Of one matrix; the penalty is the sum over all."""

    @abstractmethod
    def add_gradient(self, W: Array, dW: Array) -> None:
        """dW <- dW + d value / dW."""


class Clip(Regularizer):
    """Bounds the gradient, all parameters' in one flat vector, before the optimizer reads it."""

    @abstractmethod
    def clip(self, grad: Array) -> None:
        """A gradient that is not finite stays so: the trainer has to see it."""


class Decay(Regularizer):
    """Shrinks the weights at each step, past the optimizer."""

    @abstractmethod
    def shrink(self, W: Array, lr: float) -> None:
        """``lr`` is the learning rate of the step."""


class Constraint(Regularizer):
    """Brings the weights back into a set after each step."""

    @abstractmethod
    def project(self, W: Array) -> None:
        """The nearest weights of the set."""


class Average(Regularizer):
    """Averages the weights along the training: mean <- mean + share (theta - mean).

    What is scored after each epoch, and what the network holds at the end, is the mean. Buffers, the running
    statistics of normalizing layers, are averaged with the same shares, as by PyTorch's AveragedModel with
    ``use_buffers=True``.
    """

    each: ClassVar[str]  # "step" or "epoch"
    needs_steps: ClassVar[bool] = False  # whether ``progress`` counts, for which the number of steps is known

    @abstractmethod
    def share(self, count: int, progress: float) -> float | None:
        """The share of the weights now, when ``count`` were averaged before; None while it waits.

        ``progress`` is the share of all steps that is done, in [0, 1].
        """


REGULARIZERS: Registry[Regularizer] = Registry("regularizer", __name__, __file__)
