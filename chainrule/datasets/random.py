from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chainrule.core.rng import MOST_SEED, generator
from chainrule.core.settings import MOST_SIZE, whole
from chainrule.datasets.base import DATASETS, Dataset, Recipe, Source


@DATASETS.register("random")
@dataclass(frozen=True)
class Random(Source):
    """Features and targets from the standard normal: nothing to find, only to memorize.

    The recipe is the classic exercise on it: 1000-100-10, weights from the standard normal, the sum of squared
    errors, gradient descent on all 64 rows with a rate of 1e-6.
    """

    n: int = 64
    features: int = 1000
    targets: int = 10
    seed: int = 0

    recipe = Recipe(
        hidden=(100,),
        initializer="normal",
        loss="mean_squared_error:reduction=sum",
        optimizer="sgd",
        learning_rate={"sgd": 1e-6, "adam": 1e-2},
        schedule="constant",
        batch_size="full",
        epochs=500,
        scale="none",
    )

    def __post_init__(self) -> None:
        for what in ("n", "features", "targets"):
            whole(f"random: {what}", getattr(self, what), most=MOST_SIZE)
        whole("random: seed", self.seed, least=0, most=MOST_SEED)

    def load(self, data_dir: Path | None = None) -> Dataset:
        rng = generator(self.seed, "data")
        X = rng.standard_normal((self.n, self.features))
        y = rng.standard_normal((self.n, self.targets))
        return Dataset(self.name, X, y, "values", tuple(f"y{i}" for i in range(self.targets)))
