"""The examination that every optimizer sits."""

import numpy as np
import pytest

from chainrule.core.errors import SettingError
from chainrule.optimizers import OPTIMIZERS

SPECS = [
    *OPTIMIZERS,
    "sgd:learning_rate=0.3",
    "sgd:momentum=0.9",
    "sgd:momentum=0.5,learning_rate=0.2",
    "sgd:momentum=0.9,nesterov=true",
    "sgd:momentum=0.4,nesterov=true,learning_rate=0.3",
    "adam:learning_rate=0.1",
    "adam:beta1=0.5,beta2=0.7",
    "adam:beta1=0.7,beta2=0.5,learning_rate=0.05",
    "adam:epsilon=0.1,learning_rate=0.1",  # large enough to be seen, so that its place in the formula counts
    "adam:beta1=0,beta2=0.9",
    "adam:beta1=0.9,beta2=0",
]
every = pytest.mark.parametrize("spec", SPECS)
STEPS = 20


def walk(optimizer, dtype="float64", with_scratch=True, size=17, rates=None):
    """Theta after each of 20 steps along random gradients, and the state at the end."""
    rng = np.random.default_rng(0)
    theta = rng.normal(size=size).astype(dtype)
    state = optimizer.start(theta)
    path = []
    for t in range(1, STEPS + 1):
        grad = (rng.normal(size=size) * 10.0 ** rng.integers(-3, 2, size)).astype(dtype)
        scratch = optimizer.scratch_for(theta) if with_scratch else None
        if scratch is not None:
            scratch.fill(np.nan)
        lr = optimizer.learning_rate if rates is None else rates[t - 1]
        optimizer.step(theta, grad, state, t, lr, scratch)
        path.append(theta.copy())
    return path, state


@every
@pytest.mark.parametrize("moving", [False, True], ids=["constant rate", "moving rate"])
def test_20_steps_are_those_of_pytorch(spec, moving, pytorch):
    optimizer = OPTIMIZERS.make(spec)
    rates = [optimizer.learning_rate * (1 + t % 3) for t in range(STEPS)] if moving else None
    path, _ = walk(optimizer, rates=rates)
    rng = np.random.default_rng(0)
    theta = pytorch.tensor(rng.normal(size=17), requires_grad=True)
    peer = pytorch.optimizer(optimizer, [theta])
    for t in range(STEPS):
        theta.grad = pytorch.tensor(rng.normal(size=17) * 10.0 ** rng.integers(-3, 2, 17))
        if moving:
            peer.param_groups[0]["lr"] = rates[t]
        peer.step()
        np.testing.assert_allclose(path[t], theta.detach().numpy(), rtol=1e-12, atol=1e-15)


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scratch_given_or_not_gives_the_same_bits(spec, dtype):
    optimizer = OPTIMIZERS.make(spec)
    with_it, state = walk(optimizer, dtype)
    without, other = walk(optimizer, dtype, with_scratch=False)
    assert with_it[-1].tobytes() == without[-1].tobytes()
    for name in state:
        assert state[name].tobytes() == other[name].tobytes()


@every
def test_theta_and_state_are_changed_in_place(spec, rng):
    optimizer = OPTIMIZERS.make(spec)
    theta = rng.normal(size=9)
    before = theta.copy()
    state = optimizer.start(theta)
    arrays = dict(state)
    for array in arrays.values():
        assert not np.shares_memory(array, theta)
        assert array.shape == theta.shape
    for t in (1, 2):
        held = {name: array.copy() for name, array in arrays.items()}
        assert optimizer.step(theta, rng.normal(size=9), state, t, 0.1, optimizer.scratch_for(theta)) is None
        for name, array in arrays.items():
            assert state[name] is array
            assert not np.array_equal(array, held[name])
    assert list(state) == list(arrays)
    assert not np.array_equal(theta, before)


@every
def test_nothing_is_kept_in_the_gradient_or_the_scratch(spec, rng):
    # both are working memory, which the next step finds full of something else
    optimizer, grads = OPTIMIZERS.make(spec), rng.normal(size=(6, 9))
    theta, other = np.ones(9), np.ones(9)
    state, its_state = optimizer.start(theta), optimizer.start(other)
    grad, scratch = np.empty(9), optimizer.scratch_for(theta)
    for t in range(1, 7):
        optimizer.step(other, grads[t - 1].copy(), its_state, t, 0.1)
        grad[:] = grads[t - 1]
        optimizer.step(theta, grad, state, t, 0.1, scratch)
        grad.fill(np.nan)
        if scratch is not None:
            scratch.fill(np.nan)
    assert theta.tobytes() == other.tobytes()


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_kept(spec, dtype):
    path, state = walk(OPTIMIZERS.make(spec), dtype)
    for array in [*path, *state.values()]:
        assert array.dtype == dtype


@every
def test_float32_follows_float64(spec):
    # 20 steps round by 1e-7 each, relative to numbers of up to some hundreds
    narrow, wide = walk(OPTIMIZERS.make(spec), "float32")[0], walk(OPTIMIZERS.make(spec))[0]
    np.testing.assert_allclose(narrow[-1], wide[-1], rtol=1e-4, atol=1e-4)


@every
def test_the_state_is_all_that_decides_the_future(spec, rng):
    optimizer = OPTIMIZERS.make(spec)
    theta, grads = rng.normal(size=6), rng.normal(size=(8, 6))
    state = optimizer.start(theta)
    for t in (1, 2, 3, 4):
        optimizer.step(theta, grads[t - 1], state, t, 0.1)
    other, kept = theta.copy(), {name: array.copy() for name, array in state.items()}
    successor = OPTIMIZERS.make(OPTIMIZERS.describe(optimizer))
    for t in (5, 6, 7, 8):
        optimizer.step(theta, grads[t - 1].copy(), state, t, 0.1)
        successor.step(other, grads[t - 1].copy(), kept, t, 0.1)
    assert theta.tobytes() == other.tobytes()


@every
def test_the_rate_of_the_step_is_used_not_the_setting(spec, rng):
    optimizer = OPTIMIZERS.make(spec)
    theta = rng.normal(size=5)
    before = theta.copy()
    optimizer.step(theta, rng.normal(size=5), optimizer.start(theta), 1, 0.0)
    assert theta.tobytes() == before.tobytes()


@pytest.mark.parametrize("spec", [*OPTIMIZERS, "sgd:momentum=0.9", "sgd:momentum=0.9,nesterov=true"])
def test_it_walks_down_into_a_valley(spec):
    optimizer = OPTIMIZERS.make(spec)
    theta, curvature = np.array([1.0, -2.0, 3.0]), np.array([1.0, 0.5, 2.0])
    state = optimizer.start(theta)
    first = curvature @ theta**2
    for t in range(1, 501):
        optimizer.step(theta, 2 * curvature * theta, state, t, 0.02)
    assert curvature @ theta**2 < 0.01 * first


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        *[
            (name, {"learning_rate": bad}, "learning_rate")
            for name in OPTIMIZERS
            for bad in (-1e-3, float("nan"), float("inf"), "0.1", True, None)
        ],
        ("sgd", {"momentum": -0.1}, "momentum"),
        ("sgd", {"momentum": 1.0}, "momentum"),
        ("sgd", {"nesterov": True}, "nesterov needs a momentum"),
        ("adam", {"beta1": -0.1}, "beta1"),
        ("adam", {"beta1": 1.0}, "beta1"),
        ("adam", {"beta2": -0.1}, "beta2"),
        ("adam", {"beta2": 1.0}, "beta2"),
        ("adam", {"epsilon": 0.0}, "epsilon"),
        ("adam", {"epsilon": float("nan")}, "epsilon"),
    ],
)
def test_settings_out_of_range_are_refused(name, settings, says):
    with pytest.raises(SettingError, match=says):
        OPTIMIZERS[name](**settings)


def test_the_defaults_are_those_of_the_papers():
    adam = OPTIMIZERS.make("adam")
    assert (adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon) == (1e-3, 0.9, 0.999, 1e-8)
    sgd = OPTIMIZERS.make("sgd")
    assert (sgd.learning_rate, sgd.momentum, sgd.nesterov) == (0.01, 0.0, False)
    assert sgd.start(np.zeros(3)) == {}
