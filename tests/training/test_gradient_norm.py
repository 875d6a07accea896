"""The norm of the gradient, held to what plain gradient descent moves the weights by."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.optimizers import OPTIMIZERS
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import METRICS, RunDirectory
from chainrule.training import CALLBACKS, Callback


class Moves(Callback):
    """How far each step went."""

    def __init__(self):
        self.steps = []

    def on_fit_start(self, trainer):
        self._before = trainer.network.params.theta.astype(float)

    def on_step_end(self, trainer):
        after = trainer.network.params.theta.astype(float)
        self.steps.append(np.linalg.norm(after - self._before))
        self._before = after


def train(*callbacks, optimizer="sgd", **settings):
    data = cr.datasets.load("moons:n=60")
    net = cr.MLP([2, 8, 2], "tanh", seed=0, dtype="float64")
    optimizer = OPTIMIZERS.make({"name": optimizer, "learning_rate": 0.1})
    history = cr.fit(net, data.X, data.y, loss="cross_entropy", optimizer=optimizer, batch_size=20, epochs=2,
                     callbacks=callbacks, **settings)  # fmt: skip
    return net, history


def test_it_is_the_length_of_a_plain_step_over_its_rate():
    moves = Moves()
    _, history = train(CALLBACKS["gradient_norm"](), moves)
    norms = np.array(moves.steps).reshape(2, 3) / 0.1
    np.testing.assert_allclose(history["gradient_norm"], norms.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(history["gradient_norm_max"], norms.max(axis=1), rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_it_changes_nothing_of_the_training(optimizer):
    plain, _ = train(optimizer=optimizer)
    watched, _ = train(CALLBACKS["gradient_norm"](), optimizer=optimizer)
    np.testing.assert_array_equal(watched.params.theta, plain.params.theta)
    assert watched.training == plain.training


def test_a_run_writes_it_into_its_metrics(tmp_path):
    run = Run(RunConfig("moons:n=60", epochs=2))
    run.train_in(RunDirectory(tmp_path / "run", "moons"), [CALLBACKS["gradient_norm"]()])
    rows = [json.loads(line) for line in (tmp_path / "run" / METRICS).read_text().splitlines()]
    assert all(row["gradient_norm_max"] >= row["gradient_norm"] > 0 for row in rows)
