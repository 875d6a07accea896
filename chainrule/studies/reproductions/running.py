"""One seed of a recipe: the images as it wants them, the network trained, the right answers counted."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from chainrule.core.errors import DivergenceError, InputError
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.datasets import DATASETS
from chainrule.initializers import INITIALIZERS
from chainrule.layers.dropout import Dropout
from chainrule.network import MLP
from chainrule.network import Network as Trained
from chainrule.preprocessing.standardize import Standardize
from chainrule.studies.reproductions.recipe import HELD, Inputs, Network, Recipe, Training
from chainrule.training import Callback, Trainer, fit

Engine = Literal["auto", "numpy", "fused"]


class Data(NamedTuple):
    """Rows to learn from and rows to judge on; x (n, 784) float32, y (n,) labels."""

    x: Array
    y: Array
    judged_x: Array
    judged_y: Array


@dataclass(frozen=True)
class Outcome:
    """What one seed gave: right answers of ``rows`` after its last epoch and its best, or why there are none."""

    last: int
    best: int
    best_epoch: int
    rows: int
    epochs: int
    steps: int
    seconds: float
    engine: str
    threads: int | None = None
    failure: str | None = None


@dataclass
class Scored(Callback):
    """Counts the right answers on the judged rows after each epoch."""

    x: Array
    y: Array
    correct: list[int] = field(default_factory=list)
    trainer: Trainer | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        # the links that stand after the logits keep their order, so that the largest logit is the answer
        decided = trainer.network.core_logits(trainer.loss_function, self.x).argmax(axis=1)
        self.correct.append(int((decided == self.y).sum()))


@lru_cache(maxsize=1)
def images(inputs: Inputs, judged: Literal["test", "held"], data_dir: Path | None) -> Data:
    """MNIST's, the pixels as the recipe wants them; InputError where rows would be learned and judged as well."""
    mnist = DATASETS.make("mnist").load(data_dir)
    assert mnist.test is not None
    if judged == "held" and inputs.images > HELD:
        raise InputError(f"the held images are the training images from {HELD:,} on; learn from no more than that")
    X, y = np.asarray(mnist.X), mnist.y
    other, answers = (X[HELD:], y[HELD:]) if judged == "held" else mnist.test
    X, y = X[: inputs.images], y[: inputs.images]
    if inputs.standardize:
        scale = Standardize.fit(X)
        return Data(scale.transform(X), y, scale.transform(other), answers)
    background, ink = inputs.levels
    lut = (background + (ink - background) * np.arange(256) / 255).astype(np.float32)
    return Data(lut[X], y, lut[other], answers)


def build(network: Network, seed: int) -> Trained:
    """The untrained network, its biases drawn as the recipe says."""
    made = MLP(
        [784, *network.hidden, 10],
        network.activation,
        output=network.output,
        dropout=network.dropout,
        initializer=network.initializer,
        seed=seed,
    )
    if network.input_dropout:
        first = Dropout(rate=network.input_dropout, d=784)
        made = Trained([first, *made.modules], initializer=network.initializer, seed=seed)
    initializer, rng = INITIALIZERS.make(network.biases), generator(seed, "biases")
    for name, array in made.params.items():
        if name.endswith("bias"):
            drawn = np.empty_like(made.params[name.replace("bias", "weight")])
            initializer.fill(drawn, rng)
            array[:] = drawn[:, 0]
    return made


def arguments(training: Training) -> dict[str, Any]:
    """A recipe's training in the words of ``fit``."""
    return {
        "loss": training.loss,
        "optimizer": training.optimizer,
        "schedule": training.schedule,
        "batch_size": training.batch_size,
        "epochs": training.epochs,
        "regularization": training.regularization,
    }


def targets(kind: str, y: Array) -> Array:
    """Labels, (n,), or rows of 0 and 1, or of -1 and 1, (n, 10)."""
    if kind == "labels":
        return y
    one_hot = np.eye(10, dtype=np.float32)[y]
    return one_hot if kind == "one_hot" else 2 * one_hot - 1


def held_out(recipe: Recipe, option: Mapping[str, Any]) -> Recipe:
    """The recipe with other settings, learned from the first 50,000 training images and judged on the others."""
    changed = recipe.with_option(option)
    inputs = dataclasses.replace(recipe.inputs, images=min(HELD, recipe.inputs.images))
    return dataclasses.replace(changed, inputs=inputs, figure=dataclasses.replace(recipe.figure, images="held"))


def run(
    recipe: Recipe,
    seed: int,
    *,
    engine: Engine = "auto",
    threads: int | None = None,
    callbacks: Sequence[Callback] = (),
    data_dir: Path | None = None,
) -> Outcome:
    """Train one seed and count; a training that diverges is an outcome too, with nothing right."""
    data = images(recipe.inputs, recipe.figure.images, data_dir)
    scored = Scored(data.judged_x, data.judged_y)
    watchers, started, failure = [scored, *callbacks], time.perf_counter(), None
    try:
        if recipe.training is None:
            _fit_estimator(recipe, seed, data, engine, watchers)
        else:
            _fit(recipe, seed, data, engine, threads, watchers)
    except DivergenceError as problem:
        failure = str(problem)
    seconds, trainer, correct = time.perf_counter() - started, scored.trainer, scored.correct or [0]
    assert trainer is not None
    return Outcome(
        last=0 if failure else correct[-1],
        best=max(correct),
        best_epoch=correct.index(max(correct)) + 1,
        rows=len(data.judged_y),
        epochs=len(scored.correct),
        steps=trainer.state.t,
        seconds=round(seconds, 2),
        engine=trainer.gear.name,
        threads=trainer.threads,
        failure=failure,
    )


def _fit(
    recipe: Recipe, seed: int, data: Data, engine: Engine, threads: int | None, watchers: list[Callback]
) -> None:
    training = recipe.training
    assert training is not None
    network, y = build(recipe.network, seed), targets(training.targets, data.y)
    told = {"seed": seed, "callbacks": watchers, "engine": engine, "threads": threads}
    fit(network, data.x, y, **arguments(training), **told)  # type: ignore[arg-type]


def _fit_estimator(recipe: Recipe, seed: int, data: Data, engine: Engine, watchers: list[Callback]) -> None:
    import warnings

    from chainrule.estimators import MLPClassifier
    from chainrule.estimators.fitting import NOT_FINITE

    network, told = recipe.network, dict(recipe.estimator)
    model = MLPClassifier(
        hidden_layer_sizes=network.hidden,
        activation=network.activation,
        random_state=seed,
        engine=engine,
        callbacks=watchers,
        **told,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that max_iter was reached stands in the outcome: epochs
        try:
            model.fit(data.x, data.y)
        except InputError as problem:  # scikit-learn's words for a divergence
            if str(problem) != NOT_FINITE:
                raise
            raise DivergenceError(str(problem), step=0, phase="update") from None
