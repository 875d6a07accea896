"""The examination that every layer sits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.errors import SettingError
from chainrule.core.params import Params
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS

SIZES = st.integers(1, 5)
every = pytest.mark.parametrize("name", LAYERS)
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def problem(name, seed=0, n=5, d_in=4, d_out=3, dtype="float64"):
    """A layer with random parameters, a batch for it, and the derivative of some loss by its output."""
    rng = np.random.default_rng(seed)
    layer = LAYERS.make({"name": name, "d_in": d_in, "d_out": d_out})
    params = Params(layer.shapes(), dtype)
    params.theta[:] = rng.normal(size=params.theta.shape)
    x, dz = rng.normal(size=(n, d_in)).astype(dtype), rng.normal(size=(n, d_out)).astype(dtype)
    for array in (x, dz):
        array.flags.writeable = False
    return layer, params, x, dz


def same_bits(got, expected):
    return got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()


@every
@settings(deadline=None, max_examples=25)
@given(n=SIZES, d_in=SIZES, d_out=SIZES, seed=st.integers(0, 2**32 - 1))
def test_backward_is_the_derivative_of_forward(name, n, d_in, d_out, seed):
    layer, params, x, dz = problem(name, seed, n, d_in, d_out)
    grad = params.like()
    dx = layer.backward(dz, x, params, grad)
    x = x.copy()
    h = 1e-6
    for array, derivative in ((x, dx), (params.theta, grad.theta)):
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + h
            up = layer.forward(x, params)
            array[place] = kept - h
            down = layer.forward(x, params)
            array[place] = kept
            numeric = np.vdot(dz, (up - down) / (2 * h))
            # linear in each entry, so only rounding is left: 1e-16 * 10 / h
            assert numeric == pytest.approx(derivative[place], rel=1e-7, abs=1e-8)


@every
@in_both_dtypes
def test_out_gives_the_same_bits_and_spares_the_inputs(name, dtype):
    layer, params, x, dz = problem(name, dtype=dtype)
    params.theta.flags.writeable = False
    z = layer.forward(x, params)
    out = np.full_like(z, np.nan)
    layer.forward(x, params, out)
    assert same_bits(out, z)
    grad, again = params.like(), params.like()
    dx = layer.backward(dz, x, params, grad)
    out = np.full_like(dx, np.nan)
    layer.backward(dz, x, params, again, out)
    assert same_bits(out, dx)
    assert same_bits(again.theta, grad.theta)
    for array in (z, dx, grad.theta):
        assert array.dtype == dtype


@every
def test_gradients_are_written_not_added(name):
    layer, params, x, dz = problem(name)
    clean, dirty = params.like(), params.like()
    dirty.theta.fill(np.nan)
    layer.backward(dz, x, params, clean)
    layer.backward(dz, x, params, dirty)
    assert same_bits(dirty.theta, clean.theta)


@every
def test_the_input_gradient_is_left_out_where_nobody_wants_it(name):
    layer, params, x, dz = problem(name)
    full, short = params.like(), params.like()
    layer.backward(dz, x, params, full)
    assert layer.backward(dz, x, params, short, wants_dx=False) is None
    assert same_bits(short.theta, full.theta)


@every
def test_every_parameter_has_a_shape_and_a_name_in_files(name):
    layer, *_ = problem(name)
    assert list(layer.shapes()) == list(layer.parameter_names)
    assert len(set(layer.parameter_names.values())) == len(layer.parameter_names)


@every
def test_initialize_writes_every_parameter(name, rng):
    layer, params, *_ = problem(name)
    params.theta.fill(np.nan)
    layer.initialize(params, INITIALIZERS.make("he"), rng)
    assert np.isfinite(params.theta).all()


@every
def test_values_and_gradients_are_those_of_pytorch(name, pytorch):
    layer, params, x, dz = problem(name)
    peer = pytorch.module(layer).double()
    state = {layer.parameter_names[letter]: pytorch.tensor(array) for letter, array in params.items()}
    peer.load_state_dict(state, strict=True)
    theirs = pytorch.tensor(x, requires_grad=True)
    z = peer(theirs)
    z.backward(pytorch.tensor(dz))
    grad = params.like()
    dx = layer.backward(dz, x, params, grad)
    np.testing.assert_allclose(layer.forward(x, params), z.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dx, theirs.grad.numpy(), rtol=1e-12, atol=1e-14)
    for letter, file_name in layer.parameter_names.items():
        expected = dict(peer.named_parameters())[file_name].grad.numpy()
        np.testing.assert_allclose(grad[letter], expected, rtol=1e-12, atol=1e-14)


def test_dense_is_the_sum_over_features_written_out():
    layer, params, x, _ = problem("dense", n=2, d_in=3, d_out=2)
    W, b = params["W"], params["b"]
    for i, j in np.ndindex(2, 2):
        by_hand = sum(W[j, f] * x[i, f] for f in range(3)) + b[j]
        assert layer.forward(x, params)[i, j] == pytest.approx(by_hand, rel=1e-14)


def test_dense_biases_start_at_0_and_weights_do_not(rng):
    layer, params, *_ = problem("dense")
    layer.initialize(params, INITIALIZERS.make("he"), rng)
    assert not params["b"].any()
    assert params["W"].all()


def test_dense_counts_a_product_and_a_sum_for_each_weight():
    layer, *_ = problem("dense", d_in=4, d_out=3)
    products, sums = 4 * 3, (3 + 1) * 3  # of 4 products 3 sums, and one for the bias, an output
    assert layer.operations() == products + sums


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "3", None])
@pytest.mark.parametrize("which", ["d_in", "d_out"])
def test_dense_refuses_sizes_that_are_no_whole_number_from_1(size, which):
    with pytest.raises(SettingError, match=which):
        LAYERS["dense"](**{"d_in": 2, "d_out": 2, which: size})
