"""The fused gear computes what the NumPy gear computes, to rounding; each repeats itself to the bit."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.core import kernels
from chainrule.core.errors import MissingExtraError, SettingError
from chainrule.core.features import Features
from chainrule.core.settings import plain, write
from chainrule.engine import Engine, choose
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.network import MLP, Network
from chainrule.optimizers import OPTIMIZERS

pytest.importorskip("numba")

N, D, K = 9, 5, 4
EPSILON = {"float32": 1.2e-7, "float64": 2.3e-16}
in_both_dtypes = pytest.mark.parametrize("dtype", EPSILON)


def named(things):
    things = list(things)
    return pytest.mark.parametrize("thing", things, ids=[write(t.name, plain(t)) for t in things])


def problem(network, loss, seed=0):
    rng = np.random.default_rng(seed)
    network.params.theta[:] = rng.normal(0, 0.5, network.params.theta.size)
    X = rng.normal(size=(N, D)).astype(network.dtype)
    target = loss.example_target(rng, N, network.d_out)
    return X, target if target.dtype.kind == "i" else target.astype(network.dtype)


def both(network, loss, X, target, rows=None, weight=None):
    found = []
    for gear in ("numpy", "fused"):
        engine = Engine(network.modules, network.params, loss, X, target, N, weight=weight, gear=gear)
        engine.grad.theta.fill(np.nan)  # gradients are written, not added to
        found.append((engine.batch(rows).run(), engine.grad.theta.copy()))
    return found


def assert_alike(one, other, dtype, roundings=50):
    """Relative to the largest entry: the two take sums in another order, some fifty roundings at most."""
    limit = roundings * EPSILON[dtype]
    assert other[0] == pytest.approx(one[0], rel=limit, abs=limit)
    np.testing.assert_allclose(other[1], one[1], rtol=0, atol=limit * np.abs(one[1]).max())


@named(ACTIVATIONS.examples())
@in_both_dtypes
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error"])
def test_every_activation(thing, dtype, loss):
    network, loss = MLP([D, 7, 6, K], thing, dtype=dtype), LOSSES.make(loss)
    assert_alike(*both(network, loss, *problem(network, loss)), dtype)


@named(LOSSES.examples())
@in_both_dtypes
@pytest.mark.parametrize("outputs", [K, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_loss_with_weights_or_without(thing, dtype, outputs, weighted):
    if outputs == 1 and thing.link == "softmax":
        pytest.skip("of one class there is nothing to tell apart")
    if outputs != K and isinstance(getattr(thing, "tau", None) or getattr(thing, "alpha", None), tuple):
        pytest.skip("its settings are for so many outputs")
    network = MLP([D, 7, outputs], "tanh", dtype=dtype)
    weight = np.linspace(0, 2, N).astype(dtype)[:, None] if weighted else None
    X, target = problem(network, thing)
    assert_alike(*both(network, thing, X, target, weight=weight), dtype)


@named(rule for rule in OPTIMIZERS.examples() if not rule.full_batch)
@in_both_dtypes
def test_every_optimizer_over_30_steps(thing, dtype):
    rng = np.random.default_rng(0)
    thetas = [rng.standard_normal(103).astype(dtype)] * 2
    start = thetas[0].copy()
    thetas = [theta.copy() for theta in thetas]
    states = [thing.start(theta) for theta in thetas]
    scratch = thing.scratch_for(start)
    for t in range(1, 31):
        g = rng.standard_normal(103).astype(dtype)
        g[::3] *= t % 2  # a gradient of 0 now and then
        thing.step(thetas[0], g.copy(), states[0], t, thing.learning_rate, scratch)
        thing.fused(thetas[1], g.copy(), states[1], t, thing.learning_rate, scratch)
    # theta is of size 3 and rounds by that, thirty times; an average may be what is left of larger terms
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=0, atol=200 * EPSILON[dtype])
    for name, array in states[0].items():
        np.testing.assert_allclose(states[1][name], array, rtol=0, atol=500 * EPSILON[dtype] * np.abs(array).max())
    assert np.abs(thetas[0] - start).max() > 1e-3


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 33)])
@in_both_dtypes
def test_dropout_draws_the_same_mask(rate, shape, dtype):
    layer = LAYERS.make({"name": "dropout", "rate": rate, "d": shape[1]})
    x = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    ours, theirs = layer.scratch_for(x), layer.scratch_for(x)
    z = layer.forward(x, {}, None, ours, np.random.default_rng(0))
    fused = layer.fused_forward(x, {}, np.empty_like(x), theirs, np.random.default_rng(0))
    assert fused.tobytes() == z.tobytes()
    assert (
        layer.backward(x, x, {}, {}, None, theirs).tobytes() == layer.backward(x, x, {}, {}, None, ours).tobytes()
    )


ODD = {
    "no activation between": ["dense:d_in=5,d_out=4", "dense:d_in=4,d_out=4"],
    "two activations in a row": ["dense:d_in=5,d_out=4", "relu", "leaky_relu", "dense:d_in=4,d_out=4"],
    "an activation first": ["tanh", "dense:d_in=5,d_out=4"],
    "an activation that reads z at the end": ["dense:d_in=5,d_out=4", "leaky_relu"],
    "one that reads a at the end": ["dense:d_in=5,d_out=4", "relu"],
    "normalization between": ["dense:d_in=5,d_out=4", "layer_norm", "relu", "dense:d_in=4,d_out=4"],
    "dropout after": ["dense:d_in=5,d_out=6", "relu", "dropout", "dense:d_in=6,d_out=4"],
    "a layer alone": ["dense:d_in=5,d_out=4"],
}


@pytest.mark.parametrize("modules", ODD.values(), ids=ODD)
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error", "log_cosh"])
@pytest.mark.parametrize("rows", [None, np.array([3, 1, 4]), np.array([7])], ids=["all", "3", "1"])
def test_modules_may_stand_in_any_order(modules, loss, rows):
    network, loss = Network(modules, dtype="float64"), LOSSES.make(loss)
    assert_alike(*both(network, loss, *problem(network, loss), rows=rows), "float64")


@in_both_dtypes
def test_probabilities_as_targets_go_through_numpy(dtype):
    network, loss = MLP([D, 7, K], dtype=dtype), LOSSES.make("cross_entropy")
    X, _ = problem(network, loss)
    target = np.random.default_rng(0).dirichlet(np.ones(K), N).astype(dtype)
    assert_alike(*both(network, loss, X, target), dtype)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@named(ACTIVATIONS.examples())
def test_what_is_not_finite_stays_so(thing, bad):
    """The compiler was not told that nothing is NaN: a loss that is not finite ends a training."""
    network, loss = MLP([D, 7, K], thing, dtype="float64"), LOSSES.make("mean_squared_error")
    X, target = problem(network, loss)
    X[2, 3] = bad
    with np.errstate(all="ignore"):
        (value, _), (fused, _) = both(network, loss, X, target)
    assert np.isnan(value) == np.isnan(fused)
    assert np.isfinite(value) == np.isfinite(fused)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_repeats_itself_to_the_bit_and_is_that_of_numpy_to_rounding(optimizer):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, D)), rng.integers(0, K, 300)

    def trained(engine):
        network = MLP([D, 16, K], dtype="float64", seed=1)
        history = cr.fit(
            network, X, y, loss="cross_entropy", optimizer=optimizer, batch_size=32, epochs=5, engine=engine
        )
        assert network.training["engine"] == engine
        return network.params.theta, history["loss"]

    (theta, losses), (again, _), (plain_theta, plain_losses) = trained("fused"), trained("fused"), trained("numpy")
    assert theta.tobytes() == again.tobytes()
    # Adam divides by the root of a mean square: where a gradient is tiny it is made large with its rounding
    np.testing.assert_allclose(theta, plain_theta, rtol=0, atol=1e-9)
    np.testing.assert_allclose(losses, plain_losses, rtol=1e-10)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("fused", [False, True])
def test_features_gathered_raw_are_those_prepared_before(shared, kind, fused, tmp_path):
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 200, (50, 6)).astype(kind)
    mean, scale = (rng.uniform(1, 50, 1 if shared else 6) for _ in range(2))
    prepared = (raw - mean.astype("float32")) / scale.astype("float32")
    features, rows, out = (
        Features(raw, np.dtype("float32"), (mean, scale)),
        rng.permutation(50)[:20],
        np.empty((20, 6), "float32"),
    )
    features.gatherer(out, fused)(rows)
    if fused:  # a product with 1 / scale
        np.testing.assert_allclose(out, prepared[rows], rtol=3e-7, atol=1e-6)
    else:
        assert out.tobytes() == prepared[rows].astype("float32").tobytes()
    assert features.whole().tobytes() == prepared.astype("float32").tobytes()
    assert features[rows].tobytes() == prepared[rows].astype("float32").tobytes()


@pytest.mark.parametrize("engine", ["numpy", "fused"])
def test_bytes_and_a_memory_mapped_file_train_as_floats_do(engine, tmp_path):
    rng = np.random.default_rng(0)
    pixels, y = rng.integers(0, 256, (200, 12)).astype(np.uint8), rng.integers(0, 3, 200)
    scaler = cr.preprocessing.Standardize.fit(pixels, shared=True)
    np.save(tmp_path / "x.npy", pixels.astype(np.float32))

    def trained(X):
        network = MLP([12, 8, 3], seed=0, preprocessing=scaler)
        cr.fit(network, X, y, loss="cross_entropy", epochs=3, engine=engine)
        return network.params.theta

    floats = trained(pixels.astype(np.float32))
    for X in (pixels, np.load(tmp_path / "x.npy", mmap_mode="r")):
        np.testing.assert_allclose(trained(X), floats, rtol=0, atol=1e-5)


def test_auto_takes_what_can_run_and_says_why(monkeypatch, caplog):
    monkeypatch.delenv("CHAINRULE_ENGINE")
    assert choose("auto").name == "fused"
    assert str(choose("numpy")) == "numpy (as asked)"

    def absent():
        raise MissingExtraError("the fused kernels need numba")

    monkeypatch.setattr(kernels, "ready", absent)
    assert str(choose("auto")) == "numpy (numba is not installed)"
    with pytest.raises(MissingExtraError, match="need numba"):
        choose("fused")
    with pytest.raises(SettingError, match="auto, numpy, fused"):
        choose("cuda")


def run(code, **environment):
    given = {k: v for k, v in os.environ.items() if k != "CHAINRULE_ENGINE"}
    return subprocess.run(
        [sys.executable, "-c", code], env=given | environment, capture_output=True, text=True, timeout=120
    )


TRAIN = (
    "import numpy as np, chainrule as cr; net = cr.MLP([3, 4, 2], seed=0); "
    "cr.fit(net, np.eye(3), [0, 1, 0], loss='cross_entropy', epochs=2{}); print(net.training['engine'])"
)


def test_without_a_place_for_kernels_numpy_runs_and_one_line_says_so(tmp_path):
    (tmp_path / "file").write_text("no folder")
    # numba tries several places; that it tries one only, which is none, stands for a machine on which all fail
    nowhere = {
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"),
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
    }
    done = run(TRAIN.format(""), **nowhere)
    assert done.stdout == "numpy\n", done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "plain NumPy runs" in done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
    refused = run(TRAIN.format(", engine='fused'"), **nowhere)
    assert refused.returncode == 1
    assert "SettingError: numba has no place" in refused.stderr


@pytest.mark.thorough
def test_the_first_compilation_is_announced_and_the_second_run_finds_it_on_disk(tmp_path):
    first, second = (run(TRAIN.format(""), NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert (first.stdout, second.stdout) == ("fused\n", "fused\n")
    assert first.stderr.count("compiling kernels, once") == 1
    assert second.stderr == ""


def test_a_changed_formula_is_another_kernel():
    """What is kept on disk is found by names; the stamp makes it found by what a formula says."""

    def template(formula, stamp):
        def loop(x):
            return formula(x), stamp

        return loop

    def one(x):
        return x + 1

    def other(x):
        return x + 2

    other.__qualname__ = one.__qualname__
    stamps = [kernels.loops(template, formula).function(1)[1] for formula in (one, other)]
    assert stamps[0] != stamps[1]


def test_the_gear_is_said_in_the_log(caplog):
    with caplog.at_level(logging.INFO, logger="chainrule"):
        cr.fit(MLP([3, 4, 2]), np.eye(3), [0, 1, 0], loss="cross_entropy", epochs=1, engine="numpy")
    assert [r.getMessage() for r in caplog.records] == ["engine: numpy (as asked)"]
