"""Fits and predictions of several threads at once give the bits of one."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest
import threadpoolctl

import chainrule as cr
import chainrule.autograd as torch

THREADS = 8
ENGINES = ["numpy", "fused"]


def at_once(function, arguments):
    """Every call in a thread of its own, begun together."""
    gate = Barrier(len(arguments))

    def call(argument):
        gate.wait()
        return function(argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def blas():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def data(seed, n=300, d=12):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.integers(0, 3, n)


def fitted(seed, engine, **settings):
    net = cr.MLP([12, 16, 3], "gelu", normalization="batch_norm", dropout=0.2, seed=seed)
    history = cr.fit(net, *data(seed), loss="cross_entropy", epochs=3, seed=seed, engine=engine, **settings)
    return net.params.theta.tobytes() + net.buffers.theta.tobytes() + np.array(history.steps).tobytes()


@pytest.mark.parametrize("engine", ENGINES)
def test_fits_at_once_give_the_bits_of_one_after_the_other(engine):
    one_by_one = [fitted(seed, engine) for seed in range(THREADS)]
    assert len(set(one_by_one)) == THREADS  # so that an exchanged result would show
    assert at_once(lambda seed: fitted(seed, engine), range(THREADS)) == one_by_one


@pytest.mark.parametrize("engine", ENGINES)
def test_fits_that_overlap_leave_blas_and_numpy_as_they_were(engine):
    first_began, second_began, first_ended = Event(), Event(), Event()

    class First(cr.Callback):
        """Its training begins before the second one and ends while that still runs."""

        def on_step_end(self, trainer):
            first_began.set()
            assert second_began.wait(60)

    class Second(cr.Callback):
        def on_step_end(self, trainer):
            second_began.set()
            assert first_ended.wait(60)

    def train(which):
        if which == "first":
            found = fitted(0, engine, callbacks=[First()])
            first_ended.set()
            return found
        assert first_began.wait(60)
        return fitted(1, engine, callbacks=[Second()])

    alone = [fitted(0, engine), fitted(1, engine)]
    before, errors = blas(), np.geterr()
    if before == {1}:
        pytest.skip("this BLAS has one thread, which leaves nothing to bring back")
    assert at_once(train, ["first", "second"]) == alone
    assert blas() == before
    assert np.geterr() == errors


def test_one_network_predicts_for_many_threads_at_once():
    X, y = data(0)
    net = cr.MLP([12, 16, 3], "gelu", seed=0, preprocessing=cr.preprocessing.Standardize.fit(X))
    cr.fit(net, X, y, loss="cross_entropy", epochs=2)
    parts = [X[i::THREADS] for i in range(THREADS)]
    ways = [net.predict, net.predict_proba, net.logits, lambda part: cr.input_gradients(net, part, output=1)]
    for way in ways:
        expected = [way(part).tobytes() for part in parts]
        for _ in range(5):
            assert at_once(lambda part, way=way: way(part).tobytes(), parts) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_predictors_of_one_network_one_a_thread(engine):
    X, y = data(1)
    net = cr.MLP([12, 16, 3], "tanh", seed=0)
    cr.fit(net, X, y, loss="cross_entropy", epochs=2)
    expected = [net.predictor(engine=engine)(row) for row in X]

    def rows(start):
        predictor = net.predictor(engine=engine)
        return [predictor(row) for row in X[start::THREADS]]

    for start, found in enumerate(at_once(rows, range(THREADS))):
        np.testing.assert_array_equal(found, expected[start::THREADS])


def test_evaluations_beside_a_fit_of_another_network_are_the_same():
    X, y = data(2)
    net = cr.MLP([12, 16, 3], seed=0)
    cr.fit(net, X, y, loss="cross_entropy", epochs=1)
    expected = cr.evaluate(net, X, y, ["log_loss"])

    def either(i):
        return cr.evaluate(net, X, y, ["log_loss"]) if i % 2 else fitted(i, "numpy")

    assert at_once(either, range(THREADS))[1::2] == [expected] * (THREADS // 2)


def test_graphs_of_many_threads_are_their_own():
    def gradient(seed):
        x = torch.tensor(np.random.default_rng(seed).normal(size=(20, 5)), requires_grad=True)
        with torch.no_grad():
            w = torch.tensor(np.eye(5)) * (seed + 1)
        for _ in range(20):
            x.grad = None
            torch.softmax(x @ w, 1).log().sum().backward()
        return x.grad.numpy().tobytes()

    expected = [gradient(seed) for seed in range(THREADS)]
    assert at_once(gradient, range(THREADS)) == expected


def test_copies_of_a_network_made_at_once_are_whole():
    net = cr.MLP([12, 16, 3], normalization="batch_norm", seed=0)
    copies = at_once(lambda _: copy.deepcopy(net), range(THREADS))
    assert {each.params.theta.tobytes() for each in copies} == {net.params.theta.tobytes()}
