"""The examination that every optimizer sits."""

import dataclasses
import math

import numpy as np
import pytest

from chainrule.core.errors import SettingError
from chainrule.optimizers import OPTIMIZERS, stepwise

SPECS = [
    *stepwise(),
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
    "adamw:weight_decay=0.5,learning_rate=0.1",
    "adamw:beta1=0.5,beta2=0.7,epsilon=0.1,weight_decay=0",
    "adamax:beta1=0.5,beta2=0.7,learning_rate=0.1",
    "adamax:epsilon=0.1,beta1=0",
    "nadam:beta1=0.5,beta2=0.7,learning_rate=0.1",
    "nadam:epsilon=0.1,momentum_decay=0.7",
    "nadam:momentum_decay=0",
    "radam:beta1=0.5,beta2=0.9,learning_rate=0.1",
    "radam:epsilon=0.1",
    "radam:beta2=0.5",  # never rectified
    "adagrad:initial=0.1,epsilon=0.1",
    "adagrad:learning_rate=0.3",
    "adadelta:rho=0.5,learning_rate=0.3",
    "adadelta:epsilon=0.1",
    "rmsprop:alpha=0.5,epsilon=0.1",
    "rmsprop:momentum=0.9",
    "rmsprop:centered=true",
    "rmsprop:centered=true,momentum=0.5,alpha=0.8",
    "lion:beta1=0.5,beta2=0.7,learning_rate=0.1",
    "lion:weight_decay=0.5,learning_rate=0.1",
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
def test_20_steps_are_those_of_pytorch(spec, moving, pytorch, wide):
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
        assert array.shape in (theta.shape, (1,))
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


@pytest.mark.parametrize("optimizer", [rule for rule in OPTIMIZERS.examples() if not rule.full_batch], ids=repr)
def test_at_some_rate_it_walks_down_into_a_valley(optimizer):
    curvature, first = np.array([1.0, 0.5, 2.0]), np.array([1.0, -2.0, 3.0])

    def falls_far(rate):
        theta = first.copy()
        state = optimizer.start(theta)
        with np.errstate(all="ignore"):  # it may fly away at the other rates
            for t in range(1, 501):
                optimizer.step(theta, 2 * curvature * theta, state, t, rate)
            return curvature @ theta**2 < 0.01 * (curvature @ first**2)

    # most need the first; Adagrad, whose rates fall, the second; Adadelta, which is slow to begin, the third
    assert any(falls_far(rate) for rate in (0.02, 0.5, 10.0))


def by_the_paper(optimizer, steps):
    """Lion as Chen et al. 2023 write it, algorithm 2, entry by entry: PyTorch has none to compare with."""
    rng = np.random.default_rng(0)
    thetas, path = rng.normal(size=17).tolist(), []
    means = [0.0] * 17
    lr, beta1, beta2, decay = optimizer.learning_rate, optimizer.beta1, optimizer.beta2, optimizer.weight_decay
    for _ in range(steps):
        grads = (rng.normal(size=17) * 10.0 ** rng.integers(-3, 2, 17)).tolist()
        for i, g in enumerate(grads):
            c = beta1 * means[i] + (1 - beta1) * g
            thetas[i] = thetas[i] - lr * (math.copysign(1, c) + decay * thetas[i])
            means[i] = beta2 * means[i] + (1 - beta2) * g
        path.append(list(thetas))
    return path


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.startswith("lion")])
def test_lion_is_that_of_its_paper(spec):
    optimizer = OPTIMIZERS.make(spec)
    np.testing.assert_allclose(walk(optimizer)[0], by_the_paper(optimizer, STEPS), rtol=1e-12, atol=1e-15)


def test_lion_stands_still_where_the_gradient_is_0_and_moves_by_the_rate_elsewhere():
    theta, lion = np.ones(3), OPTIMIZERS.make("lion")
    lion.step(theta, np.array([0.0, 1e-9, -1e9]), lion.start(theta), 1, 0.25)
    assert theta.tolist() == [1.0, 0.75, 1.25]


def test_centered_rmsprop_stays_finite_where_the_gradient_never_changes():
    # rounding leaves v - m^2 below 0 there, of which PyTorch's takes the root
    optimizer, theta = OPTIMIZERS.make("rmsprop:centered=true,alpha=0.5"), np.zeros(50)
    state, grads = optimizer.start(theta), np.random.default_rng(0).normal(size=50)
    below = False
    for t in range(1, 101):
        optimizer.step(theta, grads.copy(), state, t, 1e-3)
        below |= bool((state["v"] < state["m"] ** 2).any())
    assert below
    assert np.isfinite(theta).all()


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
        *[
            (name, {beta: bad}, beta)
            for name in ("adamw", "adamax", "nadam", "radam", "lion")
            for beta in ("beta1", "beta2")
            for bad in (-0.1, 1.0)
        ],
        *[
            (name, {"epsilon": bad}, "epsilon")
            for name in ("adamw", "adamax", "nadam", "radam", "adagrad", "adadelta", "rmsprop")
            for bad in (0.0, float("nan"))
        ],
        ("adamw", {"weight_decay": -0.1}, "weight_decay"),
        ("lion", {"weight_decay": -0.1}, "weight_decay"),
        ("nadam", {"momentum_decay": -0.1}, "momentum_decay"),
        ("adagrad", {"initial": -0.1}, "initial"),
        ("adadelta", {"rho": 1.0}, "rho"),
        ("adadelta", {"rho": -0.1}, "rho"),
        ("rmsprop", {"alpha": 1.0}, "alpha"),
        ("rmsprop", {"alpha": -0.1}, "alpha"),
        ("rmsprop", {"momentum": 1.0}, "momentum"),
        ("rmsprop", {"momentum": -0.1}, "momentum"),
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
    lion = OPTIMIZERS.make("lion")
    assert (lion.learning_rate, lion.beta1, lion.beta2, lion.weight_decay) == (1e-4, 0.9, 0.99, 0.0)


THEIR_NAMES = {"Adamax", "NAdam", "RAdam", "AdamW", "Adagrad", "Adadelta", "RMSprop", "Adam"}
DEFAULTS = {  # our setting -> theirs, and which of a pair
    "learning_rate": ("lr", None),
    "beta1": ("betas", 0),
    "beta2": ("betas", 1),
    "epsilon": ("eps", None),
    "initial": ("initial_accumulator_value", None),
}


@pytest.mark.parametrize("theirs", sorted(THEIR_NAMES))
def test_the_defaults_are_those_of_pytorch(theirs, pytorch):
    ours = OPTIMIZERS.make(theirs.lower())
    leaf = pytorch.tensor([0.0], requires_grad=True)
    defaults = vars(pytorch.torch.optim)[theirs]([leaf]).defaults
    for field in dataclasses.fields(ours):
        name, index = DEFAULTS.get(field.name, (field.name, None))
        value = defaults[name] if index is None else defaults[name][index]
        assert getattr(ours, field.name) == value, field.name
