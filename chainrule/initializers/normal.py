from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.initializers.base import INITIALIZERS, Initializer


@INITIALIZERS.register("normal")
@dataclass(frozen=True)
class Normal(Initializer):
    """W ~ N(0, std^2), whatever the size of the layer.

    With a large ``std`` saturating units start saturated and deep networks overflow: it shows why the
    spread must follow the fans.
    """

    std: float = 1.0

    def __post_init__(self) -> None:
        number("normal: std", self.std, least=0)

    def fill(self, W: Array, rng: np.random.Generator) -> None:
        W[:] = rng.normal(0.0, abs(self.std), W.shape)  # NumPy refuses -0.0
