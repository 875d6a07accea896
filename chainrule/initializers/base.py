"""What an initializer is, and the fan-scaled family that three of them share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from chainrule.core.registry import Registry
from chainrule.core.settings import choice
from chainrule.core.types import Array


class Initializer(ABC):
    """Fills a weight matrix W: (d_out, d_in). Biases start at 0 whatever the scheme.

    Numbers are drawn in float64 and then rounded, so that a float32 and a float64 network of one seed start
    at the same point.
    """

    name: ClassVar[str]

    @abstractmethod
    def fill(self, W: Array, rng: np.random.Generator) -> None:
        """Write the initial weights into ``W``."""


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Zero mean and a spread set by the fans: std = sqrt(variance(d_in, d_out)).

    ``distribution`` "normal" draws from N(0, std^2), "uniform" from [-sqrt(3) std, sqrt(3) std], which has the
    same standard deviation.
    """

    distribution: Literal["normal", "uniform"] = "normal"

    def __post_init__(self) -> None:
        choice(f"{self.name}: distribution", self.distribution, ("normal", "uniform"))

    @abstractmethod
    def variance(self, d_in: int, d_out: int) -> float:
        """The variance of one weight."""

    def fill(self, W: Array, rng: np.random.Generator) -> None:
        d_out, d_in = W.shape
        std = math.sqrt(self.variance(d_in, d_out))
        if self.distribution == "normal":
            W[:] = rng.normal(0.0, std, W.shape)
        else:
            limit = math.sqrt(3.0) * std
            W[:] = rng.uniform(-limit, limit, W.shape)


INITIALIZERS: Registry[Initializer] = Registry("initializer", __name__, __file__)
