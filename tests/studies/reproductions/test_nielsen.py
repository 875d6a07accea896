"""Nielsen's rates and costs in ours: one step of each recipe against the book's algorithm, written out."""

import numpy as np
import pytest

from chainrule.network import Network
from chainrule.studies.reproductions import load
from chainrule.studies.reproductions.running import arguments, build, targets
from chainrule.training import fit

ROWS, IMAGES = 10, 50_000
# recipe -> his cost, his rate eta, his lambda, as the book has them
TOLD = {
    "nielsen-30": ("quadratic", 3.0, 0.0),
    "nielsen-100": ("quadratic", 3.0, 0.0),
    "nielsen-98": ("cross-entropy", 0.1, 5.0),
    "nielsen-recorded": ("cross-entropy", 0.5, 0.0),
    "nielsen-recorded-l2": ("cross-entropy", 0.5, 5.0),
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def book_step(weights, biases, X, Y, cost, eta, decay):
    """Chapter 3's update_mini_batch, a row at a time: w <- (1 - eta lambda / n) w - eta / m sum dC_x/dw."""
    nabla_w, nabla_b = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
    for x, y in zip(X, Y, strict=True):
        a = [x]
        for w, b in zip(weights, biases, strict=True):
            a.append(sigmoid(w @ a[-1] + b))
        # C = sum (a - y)^2 / 2 gives (a - y) a (1 - a), cross-entropy a - y
        delta = (a[-1] - y) * (a[-1] * (1 - a[-1]) if cost == "quadratic" else 1)
        for k in reversed(range(len(weights))):
            nabla_w[k] += np.outer(delta, a[k])
            nabla_b[k] += delta
            delta = weights[k].T @ delta * a[k] * (1 - a[k])
    m = len(X)
    new_w = [(1 - eta * decay / IMAGES) * w - eta / m * g for w, g in zip(weights, nabla_w, strict=True)]
    return new_w, [b - eta / m * g for b, g in zip(biases, nabla_b, strict=True)]


def test_every_recipe_of_his_is_here_and_learns_from_50000_images():
    from chainrule.studies.reproductions import names

    assert set(TOLD) == {name for name in names() if name.startswith("nielsen")}
    assert {load(name).inputs.images for name in TOLD} == {IMAGES}


@pytest.mark.parametrize("name", TOLD)
def test_a_step_is_the_books(name, rng):
    cost, eta, decay = TOLD[name]
    recipe = load(name)
    start = build(recipe.network, seed=0)
    network = Network(start.modules, dtype="float64", weights=start.state_dict())
    X, y = rng.random((ROWS, 784)) * (rng.random((ROWS, 784)) < 0.2), rng.integers(0, 10, ROWS)
    weights = [array.copy() for key, array in network.params.items() if key.endswith("weight")]
    biases = [array.copy() for key, array in network.params.items() if key.endswith("bias")]

    told = {**arguments(recipe.training), "epochs": 1}
    assert told["batch_size"] == ROWS
    fit(network, X, targets(recipe.training.targets, y), **told, engine="numpy")

    new_w, new_b = book_step(weights, biases, X, np.eye(10)[y], cost, eta, decay)
    for key, expected in zip(
        network.params, [p for pair in zip(new_w, new_b, strict=True) for p in pair], strict=True
    ):
        np.testing.assert_allclose(network.params[key], expected, rtol=1e-12, atol=1e-14)
    assert not np.allclose(new_w[1], weights[1])


@pytest.mark.parametrize("name", TOLD)
def test_weights_and_biases_start_from_the_standard_normal(name):
    for key, array in build(load(name).network, seed=1).params.items():
        # of n draws the mean errs by 1 / sqrt(n), the standard deviation by 1 / sqrt(2 n); four of those
        assert abs(array.mean()) < 4 / np.sqrt(array.size), key
        assert abs(array.std() - 1) < 4 / np.sqrt(2 * array.size), key
