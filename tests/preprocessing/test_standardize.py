"""Standardizing a matrix: (raw - mean) / scale, as NumPy has it."""

import contextlib

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.preprocessing import PREPROCESSING, Standardize


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8, np.int64])
def test_it_is_what_numpy_computes(rng, shared, dtype):
    X = rng.normal([100, 110, 150], 20, (50, 3)).astype(dtype)
    axis = None if shared else 0
    exact = X.astype(np.float64)
    expected = (exact - exact.mean(axis=axis)) / exact.std(axis=axis)
    found = Standardize.fit(X, shared=shared).transform(X)
    assert found.dtype == (np.float32 if np.can_cast(dtype, np.float32) else np.float64)
    # float32 has 24 bits, and the mean taken off is some 5 times the spread
    assert np.allclose(found, expected, rtol=0, atol=1e-13 if dtype is np.float64 else 1e-5)


def test_the_numbers_kept_are_the_mean_and_the_spread(rng):
    X = rng.normal(3, 2, (40, 2))
    each = Standardize.fit(X)
    assert each == Standardize(2, tuple(X.mean(axis=0).tolist()), tuple(X.std(axis=0).tolist()))
    assert Standardize.fit(X, shared=True) == Standardize(2, (float(X.mean()),), (float(X.std()),))
    assert each.d_out == 2


@pytest.mark.parametrize("value", [0.0, 7.0, -1e6, 0.1, 1e-9])
@pytest.mark.parametrize("shared", [False, True])
def test_a_constant_column_becomes_zeros(value, shared):
    X = np.full((7, 2), value)
    fitted = Standardize.fit(X, shared=shared)
    found = fitted.transform(X)
    # Where the mean of equal numbers is rounded, what is left is that rounding, not the number 1
    assert np.abs(found).max() <= 1e-12 * max(1, abs(value))
    assert set(fitted.scale) == {1.0}


def test_a_constant_column_beside_others_leaves_them_alone(rng):
    X = rng.normal(size=(30, 3))
    X[:, 1] = 5
    found = Standardize.fit(X).transform(X)
    assert np.allclose(found[:, [0, 2]].std(axis=0), 1, atol=1e-12)
    assert not found[:, 1].any()


def test_rows_of_later_are_scaled_as_those_of_the_fit():
    fitted = Standardize.fit(np.array([[0.0, 10.0], [2.0, 30.0]]))
    assert fitted.transform(np.array([[4.0, 20.0]])).tolist() == [[3.0, 0.0]]


def test_the_raw_rows_are_spared(rng):
    X = rng.normal(size=(5, 2))
    before = X.copy()
    Standardize.fit(X).transform(X)
    assert np.array_equal(X, before)


@pytest.mark.parametrize("shared", [False, True])
def test_numbers_near_the_end_of_the_range_are_scaled_or_refused_without_a_numpy_warning(shared):
    X = np.array([[1e200, 1.0], [3e200, 2.0], [2e200, 3.0]])
    with contextlib.suppress(InputError):
        found = Standardize.fit(X, shared=shared).transform(X)
        assert np.isfinite(found).all()
        assert np.ptp(found[:, 0]) > 1


@pytest.mark.parametrize("unit", [1e-9, 1e-15, 1e-100])
@pytest.mark.parametrize("shared", [False, True])
def test_a_column_in_small_units_is_no_constant_one(rng, unit, shared):
    X = rng.normal(1, 1, (30, 2)) * unit
    found = Standardize.fit(X, shared=shared).transform(X)
    assert np.allclose(found.std(axis=None if shared else 0), 1, rtol=1e-12)


@pytest.mark.parametrize(("bad", "says"), [(np.nan, "nan at row 1, column 2"), (np.inf, "inf at row 1, column 2")])
def test_what_is_not_finite_is_named_by_row_and_column(refused, bad, says):
    X = np.zeros((3, 3))
    X[1, 2] = bad
    with refused(InputError, says):
        Standardize.fit(X)


def test_another_number_of_features_is_refused(rng, refused):
    fitted = Standardize.fit(rng.normal(size=(4, 3)))
    with refused(ShapeError, r"takes 3 features; X has shape \(4, 2\)"):
        fitted.transform(np.zeros((4, 2)))
    with refused(ShapeError, r"X has shape \(3, 5\). It looks transposed: try X.T"):
        fitted.transform(np.zeros((3, 5)))
    with refused(ShapeError, r"X has shape \(3,\)"):
        fitted.transform(np.zeros(3))
    with refused(InputError, "holds text"):
        fitted.transform([["a", "b", "c"]])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"d": 0}, "d is a whole number of at least 1"),
        ({"mean": (1.0, 2.0)}, "mean has 2 numbers; expected 1 or 3"),
        ({"scale": ()}, "scale has 0 numbers; expected 1 or 3"),
        ({"scale": (0.0,)}, "scale is a finite number above 0"),
        ({"scale": (-1.0,)}, "scale is a finite number above 0"),
        ({"mean": (float("nan"),)}, "mean is a finite number"),
        ({"mean": (float("inf"),)}, "mean is a finite number"),
    ],
)
def test_fields_that_make_no_sense_are_refused(refused, fields, says):
    with refused(SettingError, says):
        PREPROCESSING.make({"name": "standardize", "d": 3, "mean": (0.0,), "scale": (1.0,), **fields})


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64"])
def test_large_whole_numbers_keep_what_makes_them_differ(dtype):
    seconds = 1_700_000_000 + np.arange(100)[:, None].astype(dtype)  # float32 has 128 between two of them
    found = Standardize.fit(seconds).transform(seconds)
    np.testing.assert_allclose(found[:, 0], (np.arange(100) - 49.5) / np.arange(100).std(), rtol=1e-12)


def test_a_mapped_file_of_large_whole_numbers_is_trained_on_like_an_array(tmp_path):
    seconds = 1_700_000_000 + np.arange(96, dtype=np.int32).reshape(32, 3)
    seconds.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.int32, "r", shape=(32, 3))
    ends = []
    for X in (seconds, mapped):
        net = cr.MLP([3, 4, 2], seed=0, preprocessing=Standardize.fit(seconds))
        cr.fit(net, X, np.arange(32) % 2, loss="cross_entropy", epochs=2)
        ends.append(net.params.theta)
    np.testing.assert_array_equal(*ends)
