from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.types import Array
from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study, numbers, setting
from chainrule.studies.text import paragraph, table

NETWORKS = {"no hidden layer": (), "one, of 128": (128,), "two, of 128 and 64": (128, 64)}
BATCH = 64


@dataclass(frozen=True)
class Point:
    """Networks of one kind trained on ``rows`` images, one a seed; ``accuracies`` on the test images."""

    network: str
    rows: int
    accuracies: tuple[float, ...]
    training: tuple[float, ...]  # accuracies on the rows trained on

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return float(np.mean(self.accuracies))

    @property
    def spread(self) -> float:
        """The standard deviation over the seeds, by n - 1; 0 of a single one."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else 0.0


@dataclass(frozen=True)
class Baselines(Finding):
    points: tuple[Point, ...]
    constant: float  # accuracy of always answering the most frequent class of the training images
    steps: int
    tested: int

    def text(self) -> str:
        return "\n\n".join([
            f"Accuracy in % on {self.tested:,} test images after {self.steps:,} steps, mean ± spread over seeds:",
            self._table(), self._meaning(),
        ])  # fmt: skip

    def _at(self, network: str, rows: int) -> Point:
        return next(p for p in self.points if (p.network, p.rows) == (network, rows))

    def _table(self) -> str:
        rows = [
            [
                f"{size:,}",
                *(f"{100 * p.mean:.2f} ± {100 * p.spread:.2f}" for p in (self._at(n, size) for n in NETWORKS)),
            ]
            for size in self._sizes()
        ]
        return table(["images", *NETWORKS], rows, left=0)

    def _sizes(self) -> list[int]:
        return sorted({p.rows for p in self.points})

    def _meaning(self) -> str:
        least, most = self._sizes()[0], self._sizes()[-1]
        none, *_, two = NETWORKS
        a, b, c, d = self._at(none, least), self._at(none, most), self._at(two, least), self._at(two, most)
        return paragraph(
            f"Always answering the most frequent digit is right {100 * self.constant:.2f} % of the time. Without "
            f"a hidden layer {most:,} images give {100 * b.mean:.2f} %, with two {100 * d.mean:.2f} %: "
            f"{100 * (1 - b.mean):.1f} errors in a hundred become {100 * (1 - d.mean):.1f}. From {least:,} to "
            f"{most:,} images the first gains {100 * (b.mean - a.mean):.1f} points and the second "
            f"{100 * (d.mean - c.mean):.1f}. On the {most:,} it was trained on, the first is right about "
            f"{100 * np.mean(b.training):.1f} % and the second about {100 * np.mean(d.training):.1f} %. Where "
            "that is close to the test images the form of the network is the limit, and more data would not help; "
            "where it is far above, the data are."
        )

    def drawing(self) -> dict[str, Any]:
        return {
            "lines": {
                n: [(p.rows, p.mean, p.spread) for p in self.points if p.network == n] for n in NETWORKS
            },
            "steps": self.steps,
        }  # fmt: skip


@STUDIES.register("baselines")
@dataclass(frozen=True)
class BaselinesStudy(Study):
    """How well MNIST is learned without a hidden layer, with one and with two, by the number of images.

    Each network gets the same number of steps of 64 images with Adam and a one-cycle schedule, whatever the size
    of the data, so that what differs is what there is to learn from. The images are drawn afresh for each seed.
    All of it takes a few minutes.
    """

    sizes: str = setting("300,1000,3000,10000,60000", "Numbers of training images, with commas between them.")
    seeds: int = setting(3, "Networks of each kind and size.")
    steps: int = setting(2000, "Steps of each training.")

    def run(self, say: Say = lambda text: None) -> Baselines:
        data = cr.datasets.load("mnist")
        assert data.test is not None
        sizes = [min(int(size), len(data.X)) for size in numbers(self.sizes, "--sizes")]
        points = []
        for name, hidden in NETWORKS.items():
            for size in sorted(set(sizes)):
                say(f"{name}: {size:,} images")
                scores = [self._train(hidden, size, self.seed + i, data) for i in range(self.seeds)]
                tested, trained = zip(*scores, strict=True)
                points.append(Point(name, size, tested, trained))
        often = np.bincount(data.y).argmax()
        return Baselines(tuple(points), float((data.test[1] == often).mean()), self.steps, len(data.test[1]))

    def _train(self, hidden: tuple[int, ...], size: int, seed: int, data: Any) -> tuple[float, float]:
        """Accuracies on the test images and on those trained on."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(data.X))[:size])
        raw, y = data.X[chosen], data.y[chosen]
        mean, scale = raw.mean(), raw.std()
        X, T = (((x - mean) / scale).astype(np.float32) for x in (raw, data.test[0]))
        net = cr.MLP([X.shape[1], *hidden, 10], "relu", seed=seed)
        batch = min(BATCH, size)
        repeats = max(1, -(-self.steps * batch // size // 10))  # some ten epochs, however few the images
        tiled, answers = self._tiled(X, repeats), self._tiled(y, repeats)
        epochs = max(1, round(self.steps * batch / len(tiled)))
        cr.fit(
            net, tiled, answers, loss="cross_entropy", optimizer="adam:learning_rate=0.003", schedule="one_cycle",
            batch_size=batch, epochs=epochs, seed=seed,
        )  # fmt: skip
        return (
            float((net.predict(T) == data.test[1]).mean()),
            float((net.predict(X) == y).mean()),
        )

    @staticmethod
    def _tiled(array: Array, repeats: int) -> Array:
        """The rows so many times: an epoch over few rows would be spent on scoring it."""
        return np.concatenate([array] * repeats) if repeats > 1 else array
