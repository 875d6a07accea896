"""Targets: from what a user calls the answers to the numbers a loss compares, and back."""

import numpy as np
import pytest

from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.targets import TARGETS, Classes, Values


def test_texts_become_the_places_of_their_names():
    target = Classes(("cat", "dog", "emu"))
    for texts in (["emu", "cat", "cat"], np.array(["emu", "cat", "cat"]), np.array(["emu", "cat", "cat"], object)):
        found = target.encode(texts)
        assert found.tolist() == [2, 0, 0]
        assert found.dtype == np.intp


def test_integers_are_ids_already():
    assert Classes(("a", "b")).encode([1, 0, 1]).tolist() == [1, 0, 1]
    assert Classes(("1", "0")).encode([1, 0]).tolist() == [1, 0]  # not looked up as names
    assert Classes(("1", "0")).encode(["1", "0"]).tolist() == [0, 1]


def test_an_unknown_class_is_named_by_row_with_the_nearest(refused):
    with refused(InputError, "row 1 has the class 'catt', which is unknown. Did you mean 'cat'"):
        Classes(("cat", "dog")).encode(["cat", "catt"])


def test_class_ids_stay_ids():
    ids = np.array([1, 0])
    assert Classes(("a", "b")).restore(ids) is ids


@pytest.mark.parametrize("names", [(), ("a",), ("a", "b", "a")])
def test_classes_need_two_names_that_differ(refused, names):
    with refused(SettingError, "at least two different names"):
        Classes(names)


def test_values_are_scaled_by_column_as_numpy_does(rng):
    y = rng.normal(5, 3, (40, 2)) * [1, 1000]
    target = Values.fit(y, ("a", "b"))
    assert target == Values(("a", "b"), tuple(y.mean(axis=0).tolist()), tuple(y.std(axis=0).tolist()))
    encoded = target.encode(y)
    assert np.array_equal(encoded, (y - y.mean(axis=0)) / y.std(axis=0))
    # Two roundings there and two back, of numbers up to some 10,000
    assert np.allclose(target.restore(encoded), y, rtol=1e-14, atol=1e-11)


def test_without_scaling_values_stay_as_they_are(rng):
    y = rng.normal(5, 3, (4, 2))
    target = Values.fit(y, ("a", "b"), scaled=False)
    assert np.array_equal(target.encode(y), y)
    assert np.array_equal(target.restore(y), y)


def test_values_return_in_the_dtype_of_the_network():
    target = Values(("a",), (200_000.0,), (50_000.0,))
    for dtype in (np.float32, np.float64):
        found = target.restore(np.array([[0.0], [-1.5]], dtype))
        assert found.dtype == dtype
        assert found.tolist() == [[200_000.0], [125_000.0]]


def test_a_constant_quantity_is_divided_by_one():
    target = Values.fit(np.full((5, 1), 3.0), ("a",))
    assert target.scale == (1.0,)
    assert target.encode(np.full((5, 1), 3.0)).tolist() == [[0.0]] * 5


def test_a_single_quantity_may_be_a_flat_list():
    target = Values(("a",), (1.0,), (2.0,))
    assert target.encode([3, 5]).tolist() == [[1.0], [2.0]]
    assert target.encode([[3], [5]]).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("y", [np.zeros(3), np.zeros((3, 1)), np.zeros((3, 3)), np.zeros((3, 2, 1)), 5.0])
def test_another_number_of_quantities_is_refused(refused, y):
    with refused(ShapeError, "expected a column for each of 2 outputs"):
        Values(("a", "b"), (0.0, 0.0), (1.0, 1.0)).encode(y)


def test_texts_are_no_quantities(refused):
    with refused(InputError, "the target holds text"):
        Values(("a",), (0.0,), (1.0,)).encode(["x"])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"names": ()}, "need one entry an output"),
        ({"mean": (0.0, 0.0)}, "need one entry an output"),
        ({"scale": (0.0,)}, "scale is a finite number above 0"),
        ({"scale": (float("inf"),)}, "scale is a finite number above 0"),
        ({"mean": (float("nan"),)}, "mean is a finite number"),
    ],
)
def test_fields_that_make_no_sense_are_refused(refused, fields, says):
    with refused(SettingError, says):
        TARGETS.make({"name": "values", "names": ("a",), "mean": (0.0,), "scale": (1.0,), **fields})


def test_a_target_knows_its_column_in_a_table():
    assert Classes(("a", "b"), "kind").column == "kind"
    assert Values(("x", "y"), (0.0, 0.0), (1.0, 1.0)).column == "x,y"
