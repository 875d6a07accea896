"""What is measured: networks, batches and data that every peer is given, the same to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.rng import generator
from chainrule.core.settings import build
from chainrule.core.types import Array
from chainrule.network import Network

SEED = 0
POOL = 10_000  # rows that the answers are asked for


@dataclass(frozen=True)
class Training:
    """One epoch over ``rows`` rows in batches of ``batch``, each gathered by a shuffled order.

    Dense layers of these sizes with ReLU between them, float32. "cross_entropy" is softmax's, the mean over the
    batch; "squared_error_sum" is the sum of squares over rows and outputs. SGD has no momentum; Adam has
    Kingma & Ba's settings.
    """

    sizes: tuple[int, ...]
    batch: int
    optimizer: str
    rows: int
    learning_rate: float
    loss: str = "cross_entropy"

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}:{self.batch}:{self.optimizer}"

    @property
    def steps(self) -> int:
        return self.rows // self.batch

    @property
    def wide(self) -> bool:
        """Whether the products leave the rest little to say: the limits differ."""
        return max(self.sizes[1:]) >= 512

    def data(self) -> Data:
        return Data(self)

    def network(self) -> Network:
        return starting_network(self)


@dataclass(frozen=True)
class Inference:
    """``calls`` questions of ``rows`` rows each: the class of every row."""

    sizes: tuple[int, ...]
    rows: int
    calls: int
    loss: str = "cross_entropy"

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}:{self.rows}"

    def data(self) -> Data:
        return Data(self)

    def network(self) -> Network:
        return starting_network(self)

    def questions(self, X: Any) -> list[Any]:
        """Slices of ``X``, an array or a tensor of POOL rows, one a call."""
        most = POOL // self.rows
        return [X[i % most * self.rows : (i % most + 1) * self.rows] for i in range(self.calls)]


Task = Training | Inference


class Data:
    """Features, answers, the order of the rows and the first weights of a task; made when asked for."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @cached_property
    def X(self) -> Array:
        rows = self.task.rows if isinstance(self.task, Training) else POOL
        return generator(SEED, "bench-X").standard_normal((rows, self.task.sizes[0]), np.float32)

    @cached_property
    def y(self) -> Array:
        """What a random linear map says, so that there is something to learn: labels, or numbers of variance 1."""
        d, k = self.task.sizes[0], self.task.sizes[-1]
        teacher = generator(SEED, "bench-y").standard_normal((d, k), np.float32) / np.float32(np.sqrt(d))
        values: Array = self.X @ teacher
        return values.argmax(axis=1) if self.task.loss == "cross_entropy" else values

    @cached_property
    def order(self) -> Array:
        """The order that ``cr.fit`` draws for its first epoch."""
        return generator(SEED, "shuffle").permutation(len(self.X))

    @cached_property
    def layers(self) -> list[tuple[Array, Array]]:
        """W, (d_out, d_in), and b of each layer: copies of the first weights."""
        flat = list(self.task.network().params.values())
        return list(zip(flat[::2], flat[1::2], strict=True))


def starting_network(task: Task) -> Network:
    """He's initialization; the seed of this project has everything from the standard normal."""
    loss = "cross_entropy" if task.loss == "cross_entropy" else cr.losses.MeanSquaredError(reduction="sum")
    network = cr.MLP(task.sizes, "relu", seed=SEED, loss=loss)
    if task.loss != "cross_entropy":
        theta = network.params.theta
        theta[:] = generator(SEED, "bench-theta").standard_normal(theta.size, np.float32)
    return network


def flat(layers: list[tuple[Array, Array]]) -> Array:
    """All W and b in one vector, as ``Params.theta`` has them."""
    return np.concatenate([np.asarray(array, np.float32).ravel() for layer in layers for array in layer])


def describe(task: Task) -> dict[str, Any]:
    """What ``task_of`` makes an equal task of; plain values."""
    return {"kind": type(task).__name__, **asdict(task)}


def task_of(described: dict[str, Any]) -> Task:
    """The task that ``describe`` described."""
    given = dict(described)
    kinds: dict[str, Callable[..., Task]] = {"Training": Training, "Inference": Inference}
    return build(kinds[given.pop("kind")], given, "task")  # type: ignore[arg-type]


# Rows: enough steps for a tenth of a second or more, and few enough for the wide ones to be done in one.
TRAININGS = (
    Training((1000, 100, 10), 64, "sgd", 19_968, 1e-6, "squared_error_sum"),  # the seed's sizes, rate and loss
    Training((784, 128, 64, 10), 64, "sgd", 19_968, 0.05),
    Training((784, 128, 64, 10), 64, "adam", 19_968, 1e-3),
    Training((784, 128, 64, 10), 128, "adam", 19_968, 1e-3),
    Training((784, 1024, 1024, 10), 256, "adam", 5_120, 1e-4),
    Training((784, 512, 256, 10), 512, "adam", 15_360, 1e-3),
    Training((20, 64, 64, 2), 200, "adam", 100_000, 1e-3),
)
INFERENCES = tuple(Inference((784, 128, 64, 10), rows, calls) for rows, calls in ((1, 2000), (32, 600), (POOL, 4)))
