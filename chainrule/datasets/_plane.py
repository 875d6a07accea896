"""What the generated problems with classes share: sizes, noise, and a test set drawn like the training set."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.rng import MOST_SEED, generator
from chainrule.core.settings import MOST_SIZE, number, whole
from chainrule.core.types import Array
from chainrule.datasets.base import Dataset, Source


@dataclass(frozen=True)
class Generated(Source):
    """``n`` training rows, and as many test rows from the same distribution, from ``seed``.

    ``noise`` is the standard deviation of what is added to each coordinate.
    """

    n: int = 1000
    noise: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        whole(f"{self.name}: n", self.n, least=2, most=MOST_SIZE)
        whole(f"{self.name}: seed", self.seed, least=0, most=MOST_SEED)
        number(f"{self.name}: noise", self.noise, least=0)

    @property
    def k(self) -> int:
        """How many classes there are."""
        return 2

    @abstractmethod
    def points(self, labels: Array, rng: np.random.Generator) -> Array:
        """A point without noise for each label, (n, d)."""

    def load(self, data_dir: Path | None = None) -> Dataset:
        rng = generator(self.seed, "data")
        (X, y), test = self._draw(rng), self._draw(rng)
        return Dataset(self.name, X, y, "classes", tuple(map(str, range(self.k))), test)

    def _draw(self, rng: np.random.Generator) -> tuple[Array, Array]:
        y = rng.permutation(np.arange(self.n) % self.k)
        with np.errstate(all="ignore"):
            X = self.points(y, rng)
            X = (X + rng.normal(0.0, abs(self.noise), X.shape)).astype(np.float32)
        if not np.isfinite(X).all():
            raise SettingError(f"{self!r:.200} has points beyond float32; try smaller settings")
        return X, y
