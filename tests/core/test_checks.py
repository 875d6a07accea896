"""Whatever comes in from outside becomes an array we can trust, or one clear error."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError

F32, F64 = np.dtype("float32"), np.dtype("float64")
sparse_matrix = type("csr_matrix", (), {"__module__": "scipy.sparse._csr", "shape": (2, 2)})
table = type("Frame", (), {"__array__": lambda self, dtype=None, copy=None: np.array([[1, 2], [3, 4]], dtype)})

GOOD = {
    "list": [[1, 2], [3, 4]],
    "tuple": ((1, 2), (3, 4)),
    "bool": np.array([[True, False], [False, True]]),
    "int": np.array([[1, 2], [3, 4]]),
    "uint8": np.array([[1, 2], [3, 4]], np.uint8),
    "float16": np.array([[1, 2], [3, 4]], np.float16),
    "float32": np.array([[1, 2], [3, 4]], np.float32),
    "float64": np.array([[1, 2], [3, 4]], np.float64),
    "long double": np.array([[1, 2], [3, 4]], np.longdouble),
    "big-endian": np.array([[1, 2], [3, 4]], ">f4"),
    "big-endian double": np.array([[1, 2], [3, 4]], ">f8"),
    "Fortran order": np.asfortranarray(np.array([[1, 2], [3, 4]], np.float32)),
    "strided": np.arange(8, dtype=np.float32).reshape(4, 2)[::2],
    "reversed": np.arange(4, dtype=np.float32).reshape(2, 2)[::-1],
    "masked array without a masked entry": np.ma.array([[1.0, 2.0], [3.0, 4.0]]),
    "something with __array__": table(),
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_numbers_of_any_kind_become_a_plain_array(value, dtype):
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    got = checks.matrix("X", value, dtype)
    assert type(got) is np.ndarray
    assert got.dtype == dtype
    assert got.dtype.isnative
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, np.array(value, dtype=float))


def test_an_array_that_is_right_already_is_not_copied():
    X = np.ones((3, 2), np.float32)
    assert checks.matrix("X", X, F32) is X


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        ([1.0, 2.0], ShapeError, ["(2,)", "two dimensions", "X[None, :]", "X[:, None]"]),
        (np.zeros((2, 2, 2)), ShapeError, ["(2, 2, 2)", "two dimensions"]),
        (3.0, ShapeError, ["()"]),
        (np.zeros((0, 3)), InputError, ["empty", "(0, 3)"]),
        (np.zeros((3, 0)), InputError, ["empty", "(3, 0)"]),
        ([], ShapeError, ["(0,)"]),
        ([[]], InputError, ["empty", "(1, 0)"]),
        ([[1, 2], [3]], InputError, ["rectangular"]),
        ([["a", "b"]], InputError, ["text", "X.astype(float)"]),
        ([["1", "2"]], InputError, ["text"]),
        ([[b"1"]], InputError, ["text"]),
        (np.array([[1, "a"]], object), InputError, ["object", "numbers"]),
        ([[None, 1.0]], InputError, ["object"]),
        (None, InputError, ["object"]),
        (np.array([[1j]]), InputError, ["complex128"]),
        (np.array([["2020-01-01"]], "M8[D]"), InputError, ["datetime64"]),
        (np.zeros((2, 1), [("a", float)]), InputError, ["expected numbers"]),
        (sparse_matrix(), InputError, ["sparse", "X.toarray()"]),
        (np.ma.masked_equal([[1.0, 2.0]], 2), InputError, ["masked", "X.filled(0)"]),
        ([[10**400, 1]], InputError, ["object"]),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused_in_one_line(value, error, says):
    with pytest.raises(error) as refused:
        checks.matrix("X", value, F32)
    message = str(refused.value)
    assert message.startswith("X ")
    assert "\n" not in message
    for words in says:
        assert words in message


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (3, 4), (6, 1)])
def test_the_first_value_that_is_not_finite_is_reported_by_row_and_column(dtype, bad, place):
    X = np.ones((7, 5), dtype)
    X[place] = bad
    with pytest.raises(InputError, match=rf"X has {bad} at row {place[0]}, column {place[1]}; expected finite"):
        checks.matrix("X", X, F32)
    X[6, 4] = bad
    with pytest.raises(InputError, match=rf"row {place[0]}, column {place[1]} \(2 such values in all\)"):
        checks.matrix("X", X, F32)


def test_opposite_infinities_do_not_hide_each_other():
    with pytest.raises(InputError, match="X has inf at row 0, column 1"):
        checks.matrix("X", np.array([[0, np.inf, -np.inf]]), F64)


@pytest.mark.parametrize("value", [1e300, -1e300, 3.5e38])
def test_a_float64_too_large_for_float32_is_reported_not_made_infinite(value):
    X = np.ones((3, 2))
    X[1, 1] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=r"X, as float32, has -?inf at row 1, column 1"):
            checks.matrix("X", X, F32)
    assert checks.matrix("X", X, F64)[1, 1] == value


def test_finite_numbers_whose_sum_overflows_are_finite():
    X = np.full((4, 4), np.finfo(np.float64).max)
    np.testing.assert_array_equal(checks.matrix("X", X, F64), X)
    checks.finite("X", np.full((4, 4), np.finfo(np.float16).max, np.float16))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(st.floats(width=32), min_size=2, max_size=2), min_size=1, max_size=5))
def test_a_matrix_is_taken_exactly_when_every_number_is_finite(rows):
    if np.isfinite(rows).all():
        np.testing.assert_array_equal(checks.matrix("X", rows, F32), np.array(rows, np.float32))
    else:
        row, column = np.argwhere(~np.isfinite(rows))[0]
        with pytest.raises(InputError, match=f"at row {row}, column {column}"):
            checks.matrix("X", rows, F32)


def test_inputs_are_left_as_they_were(rng):
    X = rng.normal(size=(4, 3))
    X.flags.writeable = False
    before = X.tobytes()
    checks.matrix("X", X, F32)
    checks.matrix("X", X.T, F64)
    assert X.tobytes() == before


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint64])
def test_integer_labels_become_indices(kind):
    labels = checks.integer_labels("y", np.array([0, 1, 1], kind))
    assert labels.dtype == np.intp
    np.testing.assert_array_equal(labels, [0, 1, 1])


def test_whole_floats_are_no_labels():
    with pytest.raises(InputError, match=r"y holds float64.*y.astype\(int\).*mean_squared_error"):
        checks.integer_labels("y", np.array([0.0, 1.0]))


def test_unequal_lengths_are_refused_with_a_word_on_transposed_features():
    checks.same_length("fit", np.zeros((3, 2)), np.zeros(3))
    with pytest.raises(ShapeError, match=r"fit: X has 3 rows, y has 4; they must be equal\.$"):
        checks.same_length("fit", np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(ShapeError, match=r"try X\.T"):
        checks.same_length("fit", np.zeros((3, 4)), np.zeros(4))


def test_mean_and_scale_of_a_constant_column_make_it_0():
    X = np.column_stack([[1.0, 2.0, 3.0], [0.1, 0.1, 0.1], [1e9, 1e9, 1e9]])
    mean, scale = checks.mean_and_scale(X)
    np.testing.assert_allclose(mean, [2, 0.1, 1e9], rtol=1e-15)
    np.testing.assert_allclose(scale, [np.sqrt(2 / 3), 1, 1], rtol=1e-15)
