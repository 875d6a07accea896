"""The examination that every activation sits: adding a file to the shelf is enough to be examined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import autograd
from chainrule.activations import ACTIVATIONS
from chainrule.core.settings import plain, write
from chainrule.initializers import INITIALIZERS

EXAMPLES = [
    write(thing.name, plain(thing)) for thing in ACTIVATIONS.examples() if thing != ACTIVATIONS.make(thing.name)
]
SPECS = [*ACTIVATIONS, *EXAMPLES, "leaky_relu:slope=0"]
DTYPES = ["float32", "float64"]
# Under a thousand elements, so that NumPy's vector loops and their tails are both passed through.
SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 9))
SEEDS = st.integers(0, 2**32 - 1)

every = pytest.mark.parametrize("spec", SPECS)
in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)


def batch(spec, seed, shape, dtype="float64"):
    """An activation, and z and da for it; no z is within 0.1 of 0, where some have a kink."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 3, shape) * rng.choice([-1, 1], shape)
    return ACTIVATIONS.make(spec), z.astype(dtype), rng.normal(size=shape).astype(dtype)


def frozen(array):
    """A copy that raises when it is written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def dirty_scratch(thing, z):
    """Scratch as it is after a step: full of something else."""
    scratch = thing.scratch_for(z)
    if scratch is not None:
        scratch.fill(np.nan)
    return scratch


def same_bits(got, expected):
    return got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()


@every
@settings(deadline=None, max_examples=20)
@given(shape=SHAPES, seed=SEEDS)
def test_backward_is_the_derivative_of_forward(spec, shape, seed):
    thing, z, da = batch(spec, seed, shape)
    dz = thing.backward(da, z, thing.forward(z))
    h = 1e-6
    for place in np.ndindex(shape):  # one z moves, all of a is looked at: softmax has a whole Jacobian
        up, down = z.copy(), z.copy()
        up[place] += h
        down[place] -= h
        change = (thing.forward(up) - thing.forward(down)) / (2 * h)
        # h^2 f'''/6 is about 1e-13, rounding 1e-16 / h about 1e-10 a term
        assert np.vdot(da, change) == pytest.approx(dz[place], rel=1e-7, abs=2e-9)


@every
@settings(deadline=None, max_examples=10)
@given(shape=SHAPES, seed=SEEDS)
def test_each_row_is_computed_by_itself(spec, shape, seed):
    thing, z, da = batch(spec, seed, shape)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    for i in range(shape[0]):
        row = slice(i, i + 1)
        alone = thing.forward(z[row])
        # A sum over a row may be added up in another order.
        np.testing.assert_allclose(alone, a[row], rtol=1e-14)
        np.testing.assert_allclose(thing.backward(da[row], z[row], alone), dz[row], rtol=1e-13, atol=1e-15)


@every
@pytest.mark.parametrize("size", [1, 30, 1e3])
def test_values_and_gradients_are_those_of_pytorch_also_at_0(spec, size, pytorch, rng):
    thing = ACTIVATIONS.make(spec)
    z = rng.normal(0, size, (7, 5))
    z[0], z[1, ::2], z[2, 1] = 0.0, -0.0, 0.0
    da = rng.normal(size=z.shape)
    theirs = pytorch.tensor(z, requires_grad=True)
    a = pytorch.module(thing)(theirs)
    a.backward(pytorch.tensor(da))
    mine = thing.forward(z)
    # Theirs takes 1 + erf or 1 + tanh for gelu, which loses all but 1e-16 where it is nearly 0, times z or more
    atol = 1e-14 if thing.name == "gelu" else 1e-300
    np.testing.assert_allclose(mine, a.detach().numpy(), rtol=1e-12, atol=atol)
    # 1 - a and 1 - a^2 lose all but 1e-16 where a is nearly 1, theirs as ours
    np.testing.assert_allclose(thing.backward(da, z, mine), theirs.grad.numpy(), rtol=1e-12, atol=max(atol, 1e-15))


@every
def test_the_module_it_names_computes_the_same_far_from_0(spec, rng):
    thing, z = ACTIVATIONS.make(spec), rng.normal(0, 20, (7, 5))
    leaf = autograd.tensor(z, requires_grad=True)
    a = thing.in_torch(autograd)(leaf)
    a.sum().backward()
    mine = thing.forward(z)
    np.testing.assert_allclose(mine, a.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(thing.backward(np.ones_like(z), z, mine), leaf.grad.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("spec", "slope"), [("relu", 0.0), ("leaky_relu:slope=0.3", 0.3)])
@in_both_dtypes
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_the_kink_the_derivative_is_the_one_below(spec, slope, dtype, zero):
    thing, z = ACTIVATIONS.make(spec), np.full((2, 3), zero, dtype)
    dz = thing.backward(np.full_like(z, 2), z, thing.forward(z))
    np.testing.assert_array_equal(dz, np.full_like(z, 2 * slope))


@every
@in_both_dtypes
def test_out_gives_the_same_bits_and_spares_the_inputs(spec, dtype):
    thing, z, da = batch(spec, 0, (5, 4), dtype)
    z, da = frozen(z), frozen(da)
    a = frozen(thing.forward(z))
    dz = thing.backward(da, z, a)
    out = np.full_like(z, np.nan)
    assert thing.forward(z, out) is out
    assert same_bits(out, a)
    out = np.full_like(z, np.nan)
    assert thing.backward(da, z, a, out) is out
    assert same_bits(out, dz)


@every
@in_both_dtypes
def test_scratch_given_or_not_gives_the_same_bits(spec, dtype):
    thing, z, da = batch(spec, 0, (5, 4), dtype)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    scratch = dirty_scratch(thing, z)
    assert same_bits(thing.forward(z, None, scratch), a)
    scratch = dirty_scratch(thing, z)
    assert same_bits(thing.backward(da, frozen(z), frozen(a), None, scratch), dz)


@every
@in_both_dtypes
@pytest.mark.parametrize("with_scratch", [False, True])
def test_backward_may_work_in_place_over_da(spec, dtype, with_scratch):
    thing, z, da = batch(spec, 0, (5, 4), dtype)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    scratch = dirty_scratch(thing, z) if with_scratch else None
    assert thing.backward(da, frozen(z), frozen(a), da, scratch) is da
    assert same_bits(da, dz)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if ACTIVATIONS.make(spec).backward_reads == "a"])
@in_both_dtypes
@pytest.mark.parametrize("with_scratch", [False, True])
def test_forward_may_work_in_place_over_z_where_backward_reads_a(spec, dtype, with_scratch):
    thing, z, da = batch(spec, 0, (5, 4), dtype)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    scratch = dirty_scratch(thing, z) if with_scratch else None
    assert thing.forward(z, z, scratch) is z
    assert same_bits(z, a)
    assert same_bits(thing.backward(da, z, z, da, scratch), dz)


@every
def test_backward_reads_only_what_it_says(spec):
    thing, z, da = batch(spec, 0, (5, 4))
    assert thing.backward_reads in ("z", "a")
    a = thing.forward(z)
    poison = np.full_like(z, np.nan)
    read = (z, poison) if thing.backward_reads == "z" else (poison, a)
    assert same_bits(thing.backward(da, *read), thing.backward(da, z, a))


@every
@in_both_dtypes
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_extreme_inputs_give_finite_and_right_numbers(spec, dtype, size):
    thing = ACTIVATIONS.make(spec)
    signs = np.array([[1, -1, 0, 1], [-1, -1, -1, -1], [1, 1, 1, 1], [1, 1e-3, -1e-3, -1]])
    z = (signs * size).astype(dtype)
    da = np.array([[1, -2, 3, 0.5]] * 4, dtype)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    if spec != "exp":  # which is infinity there, as it should be
        assert np.isfinite(a).all()
        assert np.isfinite(dz).all()
    wide = z.astype(float)
    b = thing.forward(wide)
    # float64 is the reference for float32: six digits of the seven it has; 1e-37 is its smallest normal number.
    # In a gradient 1 - a is rounded where a is nearly 1, by 1e-7 of da.
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-37)
    np.testing.assert_allclose(dz, thing.backward(da.astype(float), wide, b), rtol=1e-6, atol=4e-7)


@pytest.mark.parametrize(
    ("spec", "far_below", "far_above"),
    [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, 1e30), ("leaky_relu", -1e28, 1e30)],
)
def test_the_limits_are_those_of_the_formula(spec, far_below, far_above):
    a = ACTIVATIONS.make(spec).forward(np.array([[-1e30, 1e30]]))
    np.testing.assert_allclose(a, [[far_below, far_above]], rtol=1e-15)


def test_softmax_gives_probabilities_that_sum_to_1(rng):
    a = ACTIVATIONS.make("softmax").forward(rng.normal(0, 20, (50, 7)))
    assert (a >= 0).all()
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-14)


@every
@in_both_dtypes
@settings(deadline=None, max_examples=10)
@given(shape=SHAPES, seed=SEEDS)
def test_shape_and_dtype_are_kept(spec, dtype, shape, seed):
    thing, z, da = batch(spec, seed, shape, dtype)
    a = thing.forward(z)
    dz = thing.backward(da, z, a)
    for array in (a, dz):
        assert array.shape == shape
        assert array.dtype == dtype


@every
def test_what_it_tells_the_network_is_usable(spec):
    thing = ACTIVATIONS.make(spec)
    assert thing.initializer in INITIALIZERS
    assert type(thing.operations) is int
    assert thing.operations >= 0
