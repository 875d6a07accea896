from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Augmentation


@REGULARIZERS.register("input_noise")
@dataclass(frozen=True)
class InputNoise(Augmentation):
    """x <- x + N(0, std^2), anew for each batch.  Sietsma & Dow 1991; Bishop 1995.

    The noise falls on what the network sees, so after preprocessing: there 1 is a column's standard deviation.
    """

    std: float = 0.1

    examples = ({}, {"std": 2.0})

    def __post_init__(self) -> None:
        number("input_noise: std", self.std, least=0)

    def change(self, x: Array, target: Array, weight: Array | None, rng: np.random.Generator) -> None:
        x += rng.standard_normal(x.shape, x.dtype) * x.dtype.type(self.std)
