from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.bench.peers.base import PEERS, Answered, Peer, Trained
from chainrule.bench.tasks import Data, Inference, Task, Training, flat
from chainrule.core.types import Array
from chainrule.engine import blas_threads


@PEERS.register("scikit_learn")
@dataclass(frozen=True)
class ScikitLearn(Peer):
    """MLPClassifier in float32, one call of ``partial_fit``, without the L2 term that it adds by itself.

    It cannot be handed weights, an order or two softmax outputs for two classes, so a subclass hands them in;
    the loop that is timed, ``_fit_stochastic``, is its own, untouched. It keeps the mean loss of an epoch only.
    """

    threads: int = 1

    title = "scikit-learn"
    short = "sklearn"
    library = "sklearn"
    package = "scikit-learn"
    host = "scikit_learn"
    variants = ({"threads": 1}, {"threads": 2})
    agreement = 5e-2  # its Adam adds epsilon to sqrt(v) before v is corrected, which counts in the first steps

    def lacks(self, task: Task) -> str | None:
        return None if task.loss == "cross_entropy" else "it has no summed squared error"

    def training(self, task: Training, data: Data) -> Callable[[], Trained]:
        X, y = data.X, data.y

        def run() -> Trained:
            model = _model(task, data)
            with blas_threads(self.threads):
                start = time.perf_counter()
                model.partial_fit(X, y, classes=np.arange(task.sizes[-1]))
                whole = time.perf_counter() - start
            layers = [(W.T, b) for W, b in zip(model.coefs_, model.intercepts_, strict=True)]
            return Trained(model.seconds, whole - model.seconds, np.array([model.loss_]), flat(layers))

        return run

    def inference(self, task: Inference, data: Data) -> Callable[[], Answered]:
        model, questions = _model(task, data), task.questions(data.X)
        classes = np.arange(task.sizes[-1])
        model.partial_fit(data.X[: len(classes)], classes, classes=classes)  # at rate 0: its weights stay

        def run() -> Answered:
            with blas_threads(self.threads):
                start = time.perf_counter()
                answers = [model.predict(x) for x in questions]
                return Answered(time.perf_counter() - start, np.concatenate(answers))

        return run


def _model(task: Task, data: Data) -> Any:
    from sklearn.neural_network import MLPClassifier

    class Given(MLPClassifier):  # type: ignore[misc]
        """Starts from the weights of the task, and has an output for each class also where there are two."""

        def _initialize(self, y: Array, layer_units: list[int], dtype: Any) -> None:
            super()._initialize(y, layer_units, dtype)
            self.out_activation_ = "softmax"
            self.coefs_ = [np.array(W.T, order="C") for W, _ in data.layers]
            self.intercepts_ = [b.copy() for _, b in data.layers]

        def _validate_input(self, X: Array, y: Array, incremental: bool, reset: bool) -> tuple[Array, Array]:
            X, one_hot = super()._validate_input(X, y, incremental, reset)
            return X, one_hot if one_hot.shape[1] > 1 else np.hstack([~one_hot, one_hot])

        def _fit_stochastic(self, *args: Any) -> None:
            start = time.perf_counter()
            super()._fit_stochastic(*args)
            self.seconds = time.perf_counter() - start

    class Ordered(np.random.RandomState):
        """Shuffles into the order of the task."""

        def shuffle(self, x: Any) -> None:
            x[:] = data.order if len(x) == len(data.order) else np.arange(len(x))

    learns = isinstance(task, Training)
    return Given(
        task.sizes[1:-1],
        solver=task.optimizer if isinstance(task, Training) else "sgd",
        batch_size=task.batch if isinstance(task, Training) else task.sizes[-1],
        learning_rate_init=task.learning_rate if isinstance(task, Training) else 1e-30,
        alpha=0.0,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=Ordered(0),
        shuffle=learns,
    )
