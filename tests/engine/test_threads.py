"""Small products run on one BLAS thread, and what the user had set comes back."""

import sys

import numpy as np
import pytest

from chainrule import MLP, fit
from chainrule.engine import blas_threads, suited_threads
from chainrule.training import Callback

threadpoolctl = pytest.importorskip("threadpoolctl")


def now():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_threads():
    """As if the user had chosen two, whatever the machine has."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if now() != {2}:
            pytest.skip("this BLAS has no threads to set")
        yield


def test_the_largest_product_of_a_step_decides():
    modules = MLP([784, 128, 64, 10]).modules
    assert suited_threads(modules, 64) == 1  # 2 * 784 * 128 * 64 = 12.8 million operations
    assert suited_threads(modules, 256) is None  # 51 million
    assert suited_threads(MLP([10, 10, 784, 128]).modules, 256) is None  # wherever it stands
    assert suited_threads(MLP([1, 1]).modules, 1) == 1


def test_the_number_holds_inside_and_the_users_comes_back(two_threads):
    with blas_threads(1):
        assert now() == {1}
    assert now() == {2}
    with blas_threads(None):
        assert now() == {2}


def test_the_users_number_comes_back_after_an_error(two_threads):
    with pytest.raises(ZeroDivisionError), blas_threads(1):
        raise ZeroDivisionError
    assert now() == {2}


def test_a_training_of_a_small_network_uses_one_thread_and_puts_it_back(two_threads, rng):
    seen = []

    class Look(Callback):
        def on_step_end(self, trainer):
            seen.append(now())

    fit(MLP([4, 3]), rng.normal(size=(8, 4)), rng.normal(size=(8, 3)), loss="mean_squared_error", epochs=1,
        callbacks=[Look()])  # fmt: skip
    assert seen == [{1}]
    assert now() == {2}


def test_without_threadpoolctl_nothing_is_changed_and_training_works(two_threads, monkeypatch, rng):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)  # as if it were not installed
    with blas_threads(1):
        assert now() == {2}
    X = rng.normal(size=(8, 4))
    history = fit(MLP([4, 4]), X, X, loss="mean_squared_error", epochs=1)
    assert np.isfinite(history.steps).all()
