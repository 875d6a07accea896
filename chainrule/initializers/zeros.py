from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.types import Array
from chainrule.initializers.base import INITIALIZERS, Initializer


@INITIALIZERS.register("zeros")
@dataclass(frozen=True)
class Zeros(Initializer):
    """W = 0.

    Right for a network of one layer. With hidden layers it fails, and shows why: all units of a layer get
    the same gradient and stay equal for ever (with ReLU that gradient is 0).
    """

    def fill(self, W: Array, rng: np.random.Generator) -> None:
        W[:] = 0
