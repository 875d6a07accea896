"""The bound predictor: the network's own answers, without allocating."""

import tracemalloc

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, NotFittedError, SettingError, ShapeError


def network(loss="cross_entropy", activation="relu", dtype="float64", sizes=(5, 8, 3)):
    net = cr.MLP(list(sizes), activation, seed=1, dtype=dtype, loss=loss)
    net.params.theta[:] = np.random.default_rng(0).standard_normal(net.params.theta.size)
    return net


@pytest.mark.parametrize("activation", ["relu", "tanh", "softmax", "leaky_relu"])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_it_answers_as_the_network_does(loss, activation, n, rng):
    net = network(loss, activation)
    predictor = net.predictor(rows=7)
    X = rng.standard_normal((n, 5))
    np.testing.assert_allclose(predictor.logits(X), net.logits(X), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(predictor(X), net.predict(X), rtol=1e-12, atol=1e-12)


def test_one_row_may_come_without_its_dimension(rng):
    net = network()
    x = rng.standard_normal(5)
    assert np.array_equal(net.predictor()(x), net.predict(x[None]))


def test_preprocessing_target_and_dtype_travel_with_it(rng):
    from chainrule.runs import Run, RunConfig

    run = Run(RunConfig("moons:n=100", epochs=2))
    cr.fit(run.network, *run.train, loss="cross_entropy", epochs=2)
    X = rng.standard_normal((4, 2)) * 3
    assert np.array_equal(run.network.predictor(4)(X), run.network.predict(X))


def test_it_follows_a_training(rng):
    net = network()
    predictor, X = net.predictor(5), rng.standard_normal((5, 5))
    before = predictor.logits(X).copy()
    net.params.theta *= 1.5
    assert not np.allclose(predictor.logits(X), before)
    np.testing.assert_allclose(predictor.logits(X), net.logits(X), rtol=1e-12)


def test_predictions_are_not_overwritten_by_the_next_call(rng):
    net = network("mean_squared_error")
    predictor = net.predictor()
    first = predictor(rng.standard_normal(5))
    kept = first.copy()
    predictor(rng.standard_normal(5))
    assert np.array_equal(first, kept)


def test_a_call_allocates_nothing_of_the_size_of_a_layer(rng):
    net = network(sizes=(300, 400, 300, 10))
    predictor, x = net.predictor(), rng.standard_normal((1, 300))
    predictor.logits(x)
    tracemalloc.start()
    for _ in range(50):
        predictor.logits(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2000  # bytes; one layer of the network has 3,200


def test_what_it_cannot_take_is_said_in_one_line():
    predictor = network().predictor(2)
    for X, error, words in [
        (np.zeros((3, 5)), ShapeError, "1 to 2 rows"),
        (np.zeros((0, 5)), ShapeError, "1 to 2 rows"),
        (np.zeros((1, 4)), ShapeError, "5 features"),
        (np.zeros((1, 1, 5)), ShapeError, "5 features"),
        (np.full((1, 5), np.nan), InputError, "finite|NaN|nan"),
        (np.full((1, 5), -np.inf), InputError, "finite|inf"),
        (["a"] * 5, InputError, "X"),
    ]:
        with pytest.raises(error, match=words):
            predictor(X)
    with pytest.raises(InputError, match="too large"):
        network(dtype="float32").predictor()(np.full(5, 1e300))
    with pytest.raises(InputError, match="not finite"):
        network(dtype="float32").predictor()(np.full(5, 3e38))
    with pytest.raises(NotFittedError):
        cr.MLP([2, 2]).predictor()
    for rows in (0, -1, 1.5):
        with pytest.raises(SettingError):
            network().predictor(rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("first", ["relu", "sigmoid", None])
def test_one_feature_that_is_not_finite_is_never_hidden(first, bad, rng):
    modules = [*([first] if first else []), {"name": "dense", "d_in": 4, "d_out": 3}, "relu"]
    net = cr.Network([*modules, {"name": "dense", "d_in": 3, "d_out": 2}], loss="cross_entropy")
    net.params.theta[:] = 0  # even where every weight is 0
    X = rng.standard_normal((3, 4))
    X[1, 2] = bad
    with pytest.raises(InputError):
        net.predictor(3)(X)


def test_inputs_are_not_changed_and_integers_and_lists_are_taken():
    net = network()
    X = np.arange(5)
    predictor = net.predictor()
    assert np.array_equal(predictor(X), net.predict(X[None]))
    assert np.array_equal(predictor(X.tolist()), net.predict(X[None]))
    assert np.array_equal(X, np.arange(5))
