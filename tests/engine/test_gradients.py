"""The engine's loss and gradient, against PyTorch, the textbook chain, and finite differences."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.activations import ACTIVATIONS
from chainrule.engine import Engine
from chainrule.layers import Layer
from chainrule.layers.base import views
from chainrule.losses import LOSSES
from chainrule.network import MLP, Network

N, D, K = 11, 5, 3
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_loss = pytest.mark.parametrize("name", LOSSES)

# Modules whose order is less usual than that of an MLP.
ODD_NETWORKS = {
    "activation first": ["relu", (D, 4), "tanh", (4, K)],
    "activation that reads z first": ["leaky_relu", (D, K)],
    "two activations first": ["tanh", "sigmoid", (D, K)],
    "no activation between": [(D, 4), (4, 6), (6, K)],
    "two in a row, both read a": [(D, 4), "tanh", "sigmoid", (4, K)],
    "two in a row, a then z": [(D, 4), "tanh", "leaky_relu", (4, K)],
    "two in a row, z then a": [(D, 4), "leaky_relu", "sigmoid", (4, K)],
    "two in a row, both read z": [(D, 4), "leaky_relu", "leaky_relu:slope=0.5", (4, K)],
    "three in a row": [(D, 4), "tanh", "softmax", "sigmoid", (4, K)],
    "two at the end": [(D, 4), "relu", (4, K), "tanh", "identity"],
    "activation at the end": [(D, 4), "relu", (4, K), "tanh"],
    "one that reads z at the end": [(D, K), "leaky_relu:slope=0.3"],
}


def dense(modules):
    return [{"name": "dense", "d_in": m[0], "d_out": m[1]} if isinstance(m, tuple) else m for m in modules]


def mlp(activation, depth, **settings):
    return MLP([D, *[7, 6, 4][: depth - 1], K], activation, dtype="float64", seed=3, **settings)


def problem(network, loss, targets_for, seed=0):
    """Rows that nobody may write to, and the loss's first kind of target, prepared. Biases are moved off 0."""
    rng = np.random.default_rng(seed)
    network.params.theta[:] += rng.normal(0, 0.1, network.params.theta.shape)
    X = rng.normal(size=(N, D))
    raw = next(iter(targets_for(loss, N, K, rng).values()))
    target = loss.prepare(raw, N, K, network.dtype)
    # exp of exp leaves the range in which differences and float32 say anything
    while np.abs(network.core_logits(loss, X)).max() > 4:
        network.params.theta *= 0.8
    X.flags.writeable = target.flags.writeable = False
    return X, target


def computed(network, loss, X, target, batch_size=N, rows=None):
    """Loss and flat gradient by the engine."""
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, batch_size)
    engine.grad.theta.fill(np.nan)  # gradients are written, not added to
    value = engine.batch(np.arange(N) if rows is None else rows).run()
    return value, engine.grad.theta.copy()


def by_torch(pytorch, network, loss, X, target):
    peer = pytorch.sequential(network, network.core_modules(loss))
    value = pytorch.loss(loss)(peer(pytorch.tensor(X)), pytorch.tensor(target))
    value.backward()
    return value.item(), np.concatenate([p.grad.numpy().reshape(-1) for p in peer.parameters()])


def by_the_book(network, loss, X, target):
    """Module after module, each array new, as one would write it on paper."""
    modules, grad = network.core_modules(loss), network.params.like()
    values = [X]
    for i, module in enumerate(modules):
        settings = (views(i, module, network.params),) if isinstance(module, Layer) else ()
        values.append(module.forward(values[-1], *settings))
    value, d = loss.value_and_gradient(values[-1], target)
    for i, module in reversed(list(enumerate(modules))):
        if isinstance(module, Layer):
            d = module.backward(d, values[i], views(i, module, network.params), views(i, module, grad))
        else:
            d = module.backward(d, values[i], values[i + 1])
    return value, grad.theta


def by_differences(network, loss, X, target, h=1e-6):
    theta, slopes = network.params.theta, []
    for i, kept in enumerate(theta.copy()):
        values = []
        for moved in (kept + h, kept - h):
            theta[i] = moved
            values.append(loss.value_and_gradient(network.core_logits(loss, X), target)[0])
        theta[i] = kept
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.array(slopes)


def assert_same(got, expected, rtol=1e-12):
    assert got[0] == pytest.approx(expected[0], rel=rtol)
    # Entries far smaller than the largest are what is left of larger terms: they round with those.
    np.testing.assert_allclose(got[1], expected[1], rtol=rtol, atol=rtol * np.abs(expected[1]).max())


@every_activation
@every_loss
@pytest.mark.parametrize(("depth", "reduction"), [(1, "mean"), (2, "sum"), (4, "mean")])
def test_gradients_of_an_mlp_are_those_of_pytorch(activation, name, depth, reduction, targets_for, pytorch):
    network, loss = mlp(activation, depth), LOSSES.make({"name": name, "reduction": reduction})
    X, target = problem(network, loss, targets_for)
    assert_same(computed(network, loss, X, target), by_torch(pytorch, network, loss, X, target))


@every_activation
@every_loss
@pytest.mark.parametrize("depth", [1, 3])
def test_gradients_of_an_mlp_are_those_of_the_textbook_chain(activation, name, depth, targets_for):
    network, loss = mlp(activation, depth), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    assert_same(computed(network, loss, X, target), by_the_book(network, loss, X, target), rtol=1e-13)


@every_activation
@every_loss
def test_gradients_of_an_mlp_are_the_differences_of_the_loss(activation, name, targets_for):
    network, loss = mlp(activation, 3), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    slopes = by_differences(network, loss, X, target)
    # h^2 f''' / 6 and 1e-16 / h; a ReLU whose kink lies within h is improbable enough at this seed
    np.testing.assert_allclose(computed(network, loss, X, target)[1], slopes, rtol=1e-6, atol=1e-9)


@every_loss
@pytest.mark.parametrize("modules", ODD_NETWORKS.values(), ids=ODD_NETWORKS)
def test_modules_may_stand_in_any_order(modules, name, targets_for, pytorch):
    network, loss = Network(dense(modules), dtype="float64"), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    got = computed(network, loss, X, target)
    assert_same(got, by_the_book(network, loss, X, target), rtol=1e-13)
    np.testing.assert_allclose(got[1], by_differences(network, loss, X, target), rtol=1e-6, atol=1e-9)
    assert_same(got, by_torch(pytorch, network, loss, X, target))


@every_activation
def test_an_activation_before_mean_squared_error_is_differentiated_also_softmax(activation, targets_for, pytorch):
    network, loss = mlp("tanh", 2, output=activation), LOSSES.make("mean_squared_error")
    X, target = problem(network, loss, targets_for)
    got = computed(network, loss, X, target)
    assert_same(got, by_torch(pytorch, network, loss, X, target))
    np.testing.assert_allclose(got[1], by_differences(network, loss, X, target), rtol=1e-6, atol=1e-9)


@every_loss
def test_the_losss_own_link_as_a_last_layer_changes_nothing(name, targets_for):
    loss = LOSSES.make(name)
    with_link, without = mlp("relu", 3, output=loss.link), mlp("relu", 3)
    X, target = problem(with_link, loss, targets_for)
    problem(without, loss, targets_for)
    one, other = computed(with_link, loss, X, target), computed(without, loss, X, target)
    assert one[0] == other[0]
    assert one[1].tobytes() == other[1].tobytes()


@every_activation
@every_loss
@pytest.mark.parametrize("rows", [[4], [0, 1, 2], [9, 2, 2, 7], [10, 9, 8, 7, 6]], ids=len)
def test_a_batch_is_the_rows_it_names_be_it_full_or_short(activation, name, rows, targets_for):
    network, loss, rows = mlp(activation, 3), LOSSES.make(name), np.array(rows)
    X, target = problem(network, loss, targets_for)
    expected = by_the_book(network, loss, X[rows], target[rows])
    assert_same(computed(network, loss, X, target, batch_size=5, rows=rows), expected, rtol=1e-13)


@every_loss
@pytest.mark.parametrize("rows", [[4], [3, 9], list(range(N))[::-1]], ids=len)
def test_the_rows_count_also_where_a_batch_may_hold_all_of_them(name, rows, targets_for):
    network, loss, rows = mlp("tanh", 2), LOSSES.make(name), np.array(rows)
    X, target = problem(network, loss, targets_for)
    expected = by_the_book(network, loss, X[rows], target[rows])
    assert_same(computed(network, loss, X, target, batch_size=N, rows=rows), expected, rtol=1e-12)


@every_loss
@pytest.mark.parametrize("batch_size", [4, N])
def test_a_plan_of_all_rows_is_their_batch_without_a_copy(name, batch_size, targets_for):
    network, loss = mlp("tanh", 3), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, N)
    plan = engine.batch(None)
    assert plan.x is X
    assert plan.target is target
    expected = by_the_book(network, loss, X, target)
    assert_same((plan.run(), engine.grad.theta), expected, rtol=1e-13)
    engine.batch(np.arange(batch_size)).run()  # batches before and after don't disturb it
    assert_same((engine.batch(None).run(), engine.grad.theta), expected, rtol=1e-13)


@every_activation
@every_loss
@pytest.mark.parametrize("batch_size", [4, N])
def test_a_batch_leaves_nothing_behind_for_the_next(activation, name, batch_size, targets_for):
    network, loss = mlp(activation, 4), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, batch_size)
    batches = [np.arange(i, min(i + batch_size, N)) for i in range(0, N, batch_size)]
    first = []
    for _ in range(2):
        for i, rows in enumerate(batches):
            value, grad = engine.batch(rows).run(), engine.grad.theta.tobytes()
            if len(first) <= i:
                first.append((value, grad))
            assert first[i] == (value, grad)


@every_loss
@pytest.mark.parametrize("first", ["relu", "leaky_relu", "softmax", "identity"])
@pytest.mark.parametrize("batch_size", [4, N])
def test_neither_data_nor_weights_are_written_to(first, name, batch_size, targets_for):
    network, loss = Network(dense([first, (D, 4), "tanh", (4, K)]), dtype="float64"), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)  # read-only
    network.params.theta.flags.writeable = False
    for view in network.params.values():
        view.flags.writeable = False
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, batch_size)
    engine.batch(np.arange(batch_size)).run()


@every_activation
@every_loss
def test_a_float32_network_computes_in_float32(activation, name, targets_for):
    wide, loss = mlp(activation, 3), LOSSES.make(name)
    X, target = problem(wide, loss, targets_for)
    narrow = MLP([D, 7, 6, K], activation, seed=3)
    narrow.params.theta[:] = wide.params.theta
    target32 = target if target.dtype.kind == "i" else target.astype("float32")
    value, grad = computed(narrow, loss, X.astype("float32"), target32)
    assert grad.dtype == "float32"
    expected_value, expected = computed(wide, loss, X, target)
    # float32 rounds by 6e-8 a operation; some hundreds of them, mostly in sums, leave four to five digits
    assert value == pytest.approx(expected_value, rel=1e-5)
    np.testing.assert_allclose(grad, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_gradients_lie_as_the_parameters_do(targets_for):
    network, loss = mlp("tanh", 2), LOSSES.make("mean_squared_error")
    X, target = problem(network, loss, targets_for)
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, N)
    engine.batch(np.arange(N)).run()
    assert engine.grad.shapes == network.params.shapes
    logits = network.core_logits(loss, X)
    d = 2 * (logits - target) / (N * K)
    np.testing.assert_allclose(engine.grad["2.bias"], d.sum(axis=0), rtol=1e-12)


@st.composite
def any_modules(draw):
    """Layers of any widths from D to K, and up to two activations before, between and after them."""
    specs = st.lists(st.sampled_from([*ACTIVATIONS, "leaky_relu:slope=0.3"]), max_size=2)
    widths = [D, *draw(st.lists(st.integers(1, 6), max_size=4)), K]
    modules = draw(specs)
    for pair in pairwise(widths):
        modules += [pair, *draw(specs)]
    if modules[-1] in ("softmax", "sigmoid"):  # which some losses refuse
        modules.append("identity")
    return modules


@pytest.mark.slow
@every_loss
@settings(deadline=None, max_examples=300)
@given(modules=any_modules(), seed=st.integers(0, 1000), batch=st.integers(1, N))
def test_any_network_at_all_has_the_gradients_of_the_textbook_and_of_pytorch(
    name, modules, seed, batch, targets_for, pytorch
):
    network, loss = Network(dense(modules), dtype="float64", seed=seed), LOSSES.make(name)
    X, target = problem(network, loss, targets_for, seed)
    rows = np.random.default_rng(seed).permutation(N)[:batch]
    size = max(batch, seed % N)
    got = computed(network, loss, X, target, size, rows)
    assert_same(got, by_the_book(network, loss, X[rows], target[rows]))
    assert_same(got, by_torch(pytorch, network, loss, X[rows], target[rows]), rtol=1e-11)


@every_loss
@pytest.mark.parametrize("batch_size", [4, N])
def test_a_weight_counts_a_row_so_many_times_also_in_batches(name, batch_size, targets_for):
    network, loss = mlp("tanh", 3), LOSSES.make(name)
    X, target = problem(network, loss, targets_for)
    times = np.arange(N) % 3
    weight = times[:, None].astype(float)
    engine = Engine(network.core_modules(loss), network.params, loss, X, target, batch_size, weight=weight)
    for rows in (np.arange(N)[::-1][:batch_size], np.array([4, 1, 2])):
        again = np.repeat(rows, times[rows])
        expected = by_the_book(network, loss, X[again], target[again])
        assert_same((engine.batch(rows).run(), engine.grad.theta), expected)
    if batch_size == N:
        whole = np.repeat(np.arange(N), times)
        expected = by_the_book(network, loss, X[whole], target[whole])
        assert_same((engine.batch(None).run(), engine.grad.theta), expected)
