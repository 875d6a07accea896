"""Odd descriptions of things, and the estimators, whose errors are scikit-learn's where scikit-learn has some."""

import warnings
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

import chainrule as cr

from . import odd, shelves
from .calls import Entry, ids, rows
from .examine import Refused, examine_array, outcome
from .test_arrays import FEW, MANY

TEXTS = [
    "", ":", "::", "x", "relu:", "relu:=", "relu:a", "relu:a=1", "adam:learning_rate=", "adam:learning_rate=nan",
    "adam:learning_rate=1e999", "moons:n=1e3", "moons:n=-0", "moons:n=[", "moons:n={}", "moons:n=0x10", "\0", "\ud800",
    "adam:" + "learning_rate=1," * 2, "a" * 10_000, "multi_step:at=[[[[", "multi_step:at=" + "[" * 5000, "base", "_same_width",
    "../x", "relu\n", " relu ", "RELU", "dense", "dense:d_in=1,d_out=" + "9" * 5000, "dense:d_in=true,d_out=1",
]  # fmt: skip


@pytest.mark.parametrize("shelf", shelves.SHELVES)
def test_odd_descriptions_make_a_thing_or_one_of_our_errors(shelf):
    for spec in (*TEXTS, *odd.SETTINGS, *({"name": text} for text in TEXTS)):
        outcome(Entry(shelves.SHELVES[shelf].make), {"spec": spec})


@pytest.mark.parametrize("make", [cr.layers.make, cr.datasets.load], ids=["layers.make", "datasets.load"])
def test_odd_descriptions_of_layers_and_data_sets(make):
    for spec in (*TEXTS, *odd.SETTINGS):
        if isinstance(spec, str) and spec.strip() == "mnist":
            continue
        outcome(Entry(make), {"spec": spec})


def estimator(kind, **settings):
    return getattr(cr.estimators, kind)(hidden_layer_sizes=(4,), max_iter=3, random_state=0, **settings)


@contextmanager
def scikit_learns_warning():
    """Its search for infinity adds up inf and -inf, of which NumPy warns: in each of its estimators."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "invalid value encountered in reduce", RuntimeWarning)
        yield


def has_features(given):
    """scikit-learn looks for them in ``shape`` or in the first row, and a thing that is only wrapped has neither."""
    return given.form != "wrapped"


def in_float32(given):
    """As in scikit-learn, features of this machine's float32 are learned from in float32, all others in float64."""
    return odd.in_its_precision(given) if given.form in ("f4", "mapped float32") else given


def entry(kind, method):
    known = estimator(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known.fit(rows(20), ids(20) if kind == "MLPClassifier" else rows(20)[:, 0])

    def fit(X: Any, y: Any) -> Any:
        with scikit_learns_warning():
            return estimator(kind).fit(X, y).network_.params.theta

    def predict(X: Any) -> Any:
        with scikit_learns_warning():
            return known.predict(X)

    def arguments(n):
        given = {"X": rows(n), "y": ids(n) if kind == "MLPClassifier" else rows(n)[:, 0]}
        return given if method == "fit" else {"X": given["X"]}

    # scikit-learn takes tables of texts that read as numbers, gaps in a sparse matrix, and any labels as classes
    taken = frozenset(
        {"sparse", "objects", "text", "bytes", "fractions", "decimals", "masked", "dates", "durations"}
    )
    return Entry(
        {"fit": fit, "predict": predict}[method],
        arguments,
        {"X": odd.features(3).filter(has_features).map(in_float32)},
        close=1e-3,
        misfits=taken,
        foreign=(ValueError, TypeError, OverflowError),
        expected_warnings=(ConvergenceWarning, DataConversionWarning, UserWarning),
    )


ESTIMATORS = {
    f"{kind}.{method}": entry(kind, method)
    for kind in ("MLPClassifier", "MLPRegressor")
    for method in ("fit", "predict")
}


@pytest.mark.parametrize("name", ESTIMATORS)
@FEW
@given(data=st.data())
def test_odd_features_of_estimators(name, data):
    examine_array(ESTIMATORS[name], "X", data.draw(ESTIMATORS[name].arrays["X"]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATORS)
@MANY
@given(data=st.data())
def test_thousands_of_odd_features_of_estimators(name, data):
    examine_array(ESTIMATORS[name], "X", data.draw(ESTIMATORS[name].arrays["X"]))


@pytest.mark.parametrize("function", [cr.estimators.from_sklearn, cr.estimators.to_sklearn])
def test_what_is_no_estimator_is_refused(function):
    for value in odd.SETTINGS:
        assert isinstance(outcome(Entry(function), {next(iter(function.__annotations__)): value}), Refused)


def test_an_error_of_ours_is_told_from_others():
    """So that these tests can fail."""

    def broken(X: Any) -> Any:
        return X.nothing

    with pytest.raises(AttributeError):
        outcome(Entry(broken), {"X": 1})
    with pytest.raises(RuntimeWarning):
        outcome(Entry(lambda X: np.float64(1e308) * 10), {"X": 1})
    with pytest.raises(AssertionError, match="was changed"):
        examine_array(
            Entry(lambda X: X.sort()), "X", odd.Odd("f8", np.array([2.0, 1.0]), np.array([2.0, 1.0]), 2, True)
        )
