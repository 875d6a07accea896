from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.initializers.base import INITIALIZERS, Initializer


@INITIALIZERS.register("uniform")
@dataclass(frozen=True)
class Uniform(Initializer):
    """W ~ U(-l, l), l = limit / d_in^power.

    ``power`` 0 is one interval for all layers, whatever their size. ``limit=1,power=0.5``, the default, is what
    PyTorch's Linear starts from: Var W = 1 / (3 d_in). ``limit=2.4,power=1`` is LeNet-5's (LeCun et al. 1998).
    """

    limit: float = 1.0
    power: float = 0.5

    def __post_init__(self) -> None:
        number("uniform: limit", self.limit, least=0, most=1e30)
        number("uniform: power", self.power, least=0, most=1)

    def fill(self, W: Array, rng: np.random.Generator) -> None:
        limit = abs(self.limit) / W.shape[1] ** self.power
        W[:] = rng.uniform(-limit, limit, W.shape)
