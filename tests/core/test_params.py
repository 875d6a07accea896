"""Views and the flat vector are one memory, whatever is done to them."""

import copy
import pickle  # users pickle networks to other processes; the package itself never does

import numpy as np
import pytest

from chainrule.core.params import Params

SHAPES = {"0.weight": (3, 2), "0.bias": (3,), "2.weight": (1, 3), "2.bias": (1,)}


def numbered(dtype="float32"):
    params = Params(SHAPES, dtype)
    params.theta[:] = np.arange(params.theta.size)
    return params


def assert_tied(params):
    """Every view lies in theta, in order and without a gap, and a write to either shows in the other."""
    start = 0
    for name, shape in SHAPES.items():
        view = params[name]
        assert view.shape == shape
        assert np.shares_memory(view, params.theta)
        np.testing.assert_array_equal(view.reshape(-1), params.theta[start : start + view.size])
        view[...] = -7
        assert (params.theta[start : start + view.size] == -7).all()
        start += view.size
    assert start == params.theta.size
    params.theta[:] = 5
    assert all((view == 5).all() for view in params.values())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_views_share_the_memory_of_theta(dtype):
    params = Params(SHAPES, dtype)
    assert params.theta.size == 6 + 3 + 3 + 1
    assert params.theta.dtype == dtype
    assert not params.theta.any()
    assert_tied(params)


def test_it_is_a_mapping_in_the_order_of_its_shapes():
    params = numbered()
    assert list(params) == list(SHAPES)
    assert len(params) == 4
    assert "0.bias" in params
    assert "1.bias" not in params
    with pytest.raises(KeyError):
        params["1.bias"]
    with pytest.raises(TypeError):
        params["0.bias"] = np.zeros(3)
    assert repr(params) == "Params(13 numbers of float32: 0.weight, 0.bias, 2.weight, 2.bias)"


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p)), copy.copy],  # noqa: S301
    ids=["deepcopy", "pickle", "copy"],
)
def test_a_copy_holds_the_same_numbers_in_a_memory_of_its_own(duplicate):
    params = numbered()
    other = duplicate(params)
    assert other.theta.dtype == params.theta.dtype
    assert list(other) == list(params)
    np.testing.assert_array_equal(other.theta, np.arange(13))
    assert_tied(other)
    np.testing.assert_array_equal(params.theta, np.arange(13))
    assert_tied(params)


def test_a_deep_copy_of_a_structure_keeps_one_copy_of_one_params():
    params = numbered()
    first, second = copy.deepcopy([params, params])
    assert first is second


def test_like_is_zero_and_separate():
    params = numbered("float64")
    other = params.like()
    assert other.theta.dtype == "float64"
    assert not other.theta.any()
    assert not np.shares_memory(other.theta, params.theta)
    assert_tied(other)


def test_no_shapes_give_an_empty_vector():
    assert Params({}, "float32").theta.shape == (0,)
