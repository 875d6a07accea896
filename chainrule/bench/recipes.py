"""How MNIST is learned to 97 and to 98 %: fixed before the test images were looked at.

benchmarks/choose_recipe.py compares recipes on 10,000 of the training images, learned from the other 50,000. There
the one for 98 % has 98.00 % (mean of eight seeds, standard error 0.03), and 97.79 % when it learns from 40,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import chainrule as cr
from chainrule.core.types import Array
from chainrule.network import Network


@dataclass(frozen=True)
class Recipe:
    """Dense layers with ReLU, softmax and cross-entropy, Adam; its rate rises to ``peak`` and falls: one cycle."""

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    peak: float

    def network(self, seed: int) -> Network:
        return cr.MLP([784, *self.hidden, 10], "relu", seed=seed)

    def train(self, x: Array, y: Array, seed: int, **settings: Any) -> Network:
        """A network trained on standardized images; ``settings`` are further ones of ``cr.fit``."""
        network = self.network(seed)
        cr.fit(
            network,
            x,
            y,
            loss="cross_entropy",
            optimizer=f"adam:learning_rate={self.peak}",
            schedule="one_cycle",
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=seed,
            **settings,
        )
        return network


RECIPES = {
    97: Recipe(hidden=(64,), batch_size=128, epochs=3, peak=5e-3),
    98: Recipe(hidden=(128, 64), batch_size=128, epochs=5, peak=5e-3),
}


def standardized(train: Array, test: Array) -> tuple[Array, Array]:
    """Pixels with the mean and the standard deviation of all training pixels taken out."""
    preprocessing = cr.preprocessing.Standardize.fit(train, shared=True)
    return preprocessing.transform(train), preprocessing.transform(test)
