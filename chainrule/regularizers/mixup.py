from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Augmentation


@REGULARIZERS.register("mixup")
@dataclass(frozen=True)
class Mixup(Augmentation):
    """x <- c x + (1 - c) x', y <- c y + (1 - c) y', c ~ Beta(alpha, alpha).  Zhang et al. 2018.

    x', y' are the batch in another order, c is one number a batch. Labels become probabilities, for losses that
    take them; values are mixed as they are, and so are row weights. The loss of an epoch is that of mixed rows.
    """

    alpha: float = 0.2

    examples = ({}, {"alpha": 1.0})
    mixes_targets = True

    def __post_init__(self) -> None:
        number("mixup: alpha", self.alpha, above=0)

    def change(self, x: Array, target: Array, weight: Array | None, rng: np.random.Generator) -> None:
        c = rng.beta(self.alpha, self.alpha)
        other = rng.permutation(len(x))
        for array in (x, target) if weight is None else (x, target, weight):
            mixed = array[other]
            mixed -= array
            mixed *= 1 - c
            array += mixed
