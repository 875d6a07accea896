"""The single file and the package share no line; here they are held together, in float64."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.engine import Engine
from chainrule.losses import LOSSES

SCRIPT = Path(__file__).parents[2] / "numpy_network.py"
THEIR_NAMES = {
    "mean_squared_error:reduction=mean": "squared_error_mean",
    "mean_squared_error:reduction=sum": "squared_error_sum",
    "binary_cross_entropy": "binary_cross_entropy",
    "cross_entropy": "cross_entropy",
}
ROWS, STEPS, FEATURES, OUTPUTS = 20, 50, 6, 4
BATCHES = {"full": "full", "stochastic": 1, "mini-batch": 8}  # 20 rows in eights: the last batch is short


@pytest.fixture(scope="module")
def lesson():
    spec = importlib.util.spec_from_file_location("numpy_network", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problem(lesson, activation, loss, depth, rng):
    """Two networks with the same weights, features, and a target of the loss's kind."""
    sizes = (FEATURES, *[5] * (depth - 1), OUTPUTS)
    theirs = lesson.Network(sizes, activation, THEIR_NAMES[loss], "xavier", seed=1)
    net = cr.MLP(sizes, activation, dtype="float64")
    for i in range(depth):
        net.params[f"{2 * i}.weight"][:] = theirs.weights[i]
        net.params[f"{2 * i}.bias"][:] = theirs.biases[i] = 0.1 * rng.standard_normal(sizes[i + 1])
    X = rng.standard_normal((ROWS, FEATURES))
    y = LOSSES.make(loss).example_target(rng, ROWS, OUTPUTS)
    return theirs, net, X, y


def assert_equal(ours, theirs):
    """To 1e-12 of the largest entry: sums of one thing in two orders."""
    size = max(np.abs(theirs).max(), 1e-3)
    assert np.abs(np.asarray(ours) - theirs).max() <= 1e-12 * size


def test_every_loss_and_activation_of_the_lesson_is_compared(lesson):
    assert set(THEIR_NAMES.values()) == set(lesson.LOSSES)
    assert set(lesson.ACTIVATIONS) <= set(ACTIVATIONS)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("loss", THEIR_NAMES)
@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softmax"])
def test_losses_gradients_and_weights_agree_over_fifty_steps(lesson, activation, loss, depth, rng):
    for size in BATCHES.values():
        theirs, net, X, y = problem(lesson, activation, loss, depth, rng)
        made = LOSSES.make(loss)
        engine = Engine(net.modules, net.params, made, X, y, ROWS)
        value = engine.batch(None).run()
        expected, dWs, dbs = theirs.loss_and_gradients(X, y)
        assert_equal(value, expected)
        for i in range(depth):
            assert_equal(engine.grad[f"{2 * i}.weight"], dWs[i])
            assert_equal(engine.grad[f"{2 * i}.bias"], dbs[i])

        rows = ROWS if size == "full" else size
        starts = list(range(0, ROWS, rows))
        epochs = -(-STEPS // len(starts))
        rate = 0.005 if loss.endswith("sum") else 0.1
        history = cr.fit(
            net, X, y, loss=made, optimizer=cr.optimizers.SGD(learning_rate=rate), batch_size=size, epochs=epochs,
            shuffle=False,
        )  # fmt: skip
        losses = [theirs.step(X[s : s + rows], y[s : s + rows], rate) for _ in range(epochs) for s in starts]
        assert len(losses) >= STEPS
        assert_equal(history.steps, np.array(losses))
        for i in range(depth):
            assert_equal(net.params[f"{2 * i}.weight"], theirs.weights[i])
            assert_equal(net.params[f"{2 * i}.bias"], theirs.biases[i])


def test_and_this_test_can_fail(lesson, rng):
    theirs, net, X, y = problem(lesson, "tanh", "cross_entropy", 2, rng)
    theirs.weights[0][0, 0] += 1e-9
    engine = Engine(net.modules, net.params, LOSSES.make("cross_entropy"), X, y, ROWS)
    with pytest.raises(AssertionError):
        assert_equal(engine.batch(None).run(), theirs.loss_and_gradients(X, y)[0])


def test_both_start_from_spreads_of_the_same_formulas(lesson):
    for name in ("zeros", "lecun", "xavier", "he"):
        for d_in, d_out in pairwise((300, 200, 100)):
            W = np.empty((d_out, d_in))
            cr.initializers.INITIALIZERS.make(name).fill(W, np.random.default_rng(0))
            # 20,000 draws: the standard error of a standard deviation is half a percent
            assert W.std() == pytest.approx(lesson.INITIALIZATIONS[name](d_in, d_out), rel=0.03)
