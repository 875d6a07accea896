from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.initializers.base import INITIALIZERS, Initializer


@INITIALIZERS.register("constant")
@dataclass(frozen=True)
class Constant(Initializer):
    """W = value.  All units of a layer start equal and never part: it shows the symmetry problem."""

    value: float = 0.5

    def __post_init__(self) -> None:
        number("constant: value", self.value)

    def fill(self, W: Array, rng: np.random.Generator) -> None:
        W[:] = self.value
