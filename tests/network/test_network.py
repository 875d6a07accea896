"""What a user builds, and asks of it."""

import copy
import math
import pickle  # users send networks to other processes; the package itself never does

import numpy as np
import pytest

from chainrule import MLP, Network, fit
from chainrule.activations import ACTIVATIONS
from chainrule.core.errors import (
    ChainruleError,
    InputError,
    NotFittedError,
    SettingError,
    ShapeError,
    UnknownNameError,
)
from chainrule.core.rng import generator
from chainrule.initializers import INITIALIZERS
from chainrule.layers import Dense
from chainrule.losses import LOSSES
from chainrule.preprocessing import PREPROCESSING
from chainrule.targets import TARGETS

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def by_hand(network, X):
    """The network written out for an MLP of tanh."""
    weights = list(network.state_dict().values())
    a = X
    for i in range(0, len(weights) - 2, 2):
        a = np.tanh(a @ weights[i].T + weights[i + 1])
    return a @ weights[-2].T + weights[-1]


# -- building it -----------------------------------------------------------------------------------------


def test_an_mlp_is_dense_layers_with_an_activation_between():
    network = MLP([4, 5, 3], "leaky_relu:slope=0.2", output="softmax")
    assert repr(network) == (
        "Network(Dense(d_in=4, d_out=5), LeakyReLU(slope=0.2), Dense(d_in=5, d_out=3), Softmax())"
    )
    assert (network.d_in, network.d_out) == (4, 3)
    assert {name: p.shape for name, p in network.state_dict().items()} == {
        "0.weight": (5, 4),
        "0.bias": (5,),
        "2.weight": (3, 5),
        "2.bias": (3,),
    }
    assert repr(MLP([4, 3])) == "Network(Dense(d_in=4, d_out=3))"


def test_modules_are_things_or_their_names():
    told = Network([Dense(4, 5), "relu", {"name": "dense", "d_in": 5, "d_out": 3}])
    np.testing.assert_array_equal(told.params.theta, MLP([4, 5, 3], "relu").params.theta)
    assert told.modules == MLP([4, 5, 3], ACTIVATIONS.make("relu")).modules


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2), ("leaky_relu", 2), ("tanh", None), ("sigmoid", None)]
)
def test_weights_are_drawn_for_the_activation_that_follows(activation, gain):
    # He: 2 / d_in; Glorot: 2 / (d_in + d_out). The outputs are many, so that the two differ in the last layer.
    network = MLP([784, 128, 64, 1000], activation, seed=0)
    sizes = [784, 128, 64, 1000]
    for i, name in enumerate(["0", "2", "4"]):
        W, b = network.state_dict()[f"{name}.weight"], network.state_dict()[f"{name}.bias"]
        d_in, d_out = sizes[i : i + 2]
        variance = gain / d_in if gain and name != "4" else 2 / (d_in + d_out)
        # five times the error of a variance over as many draws
        assert W.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / W.size))
        assert not b.any()


def test_the_weights_of_a_digit_network_are_those_of_its_initializers_bit_by_bit():
    for activation, scheme in [("relu", "he"), ("tanh", "xavier")]:
        network, rng = MLP([784, 128, 64, 10], activation, seed=5), generator(5, "initialization")
        for name, kind in [("0", scheme), ("2", scheme), ("4", "xavier")]:
            W = np.empty_like(network.params[f"{name}.weight"])
            INITIALIZERS.make(kind).fill(W, rng)
            np.testing.assert_array_equal(network.params[f"{name}.weight"], W)


@pytest.mark.parametrize("initializer", [*INITIALIZERS, "he:distribution=uniform"])
def test_an_initializer_can_be_told(initializer):
    network, rng = MLP([6, 5, 4], "relu", seed=2, initializer=initializer), generator(2, "initialization")
    for name in ("0.weight", "2.weight"):
        W = np.empty_like(network.params[name])
        INITIALIZERS.make(initializer).fill(W, rng)
        np.testing.assert_array_equal(network.params[name], W)


def test_one_seed_gives_the_same_weights_and_another_gives_others():
    one, same, other = (MLP([4, 5, 3], "relu", seed=s).params.theta for s in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert not np.array_equal(one, other)
    assert MLP([4, 5, 3]).params.theta.tobytes() == MLP([4, 5, 3], seed=0).params.theta.tobytes()


def test_float32_and_float64_start_at_the_same_point():
    narrow, wide = MLP([4, 5, 3], "tanh", seed=1), MLP([4, 5, 3], "tanh", seed=1, dtype="float64")
    assert narrow.params.theta.dtype == "float32"
    assert wide.params.theta.dtype == "float64"
    np.testing.assert_array_equal(narrow.params.theta, wide.params.theta.astype("float32"))


def test_initialize_draws_afresh_in_place():
    network = MLP([4, 5, 3], "relu", seed=1)
    theta, before = network.params.theta, network.params.theta.copy()
    theta.fill(7)
    network.initialize(seed=1)
    assert network.params.theta is theta
    assert theta.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("modules", "error", "says"),
    [
        ([Dense(4, 5), "relu", Dense(6, 3)], ShapeError, ["Dense 2 (W is (3, 6)) takes 6", "Dense 0", "gives 5"]),
        ([Dense(4, 5), Dense(4, 5)], ShapeError, ["Dense 1", "takes 4", "gives 5"]),
        ([], SettingError, ["at least one layer"]),
        (["relu"], SettingError, ["at least one layer"]),
        ([Dense(4, 5), "rleu"], UnknownNameError, ["Did you mean 'relu'?"]),
        ([Dense(4, 5), None], SettingError, ["expected"]),
        ([Dense], SettingError, ["expected"]),
        ([Dense(4, 5), LOSSES.make("cross_entropy")], ChainruleError, ["expected"]),
        (["dense"], SettingError, ["needs the setting 'd_in'"]),
    ],
)
def test_modules_that_do_not_fit_are_refused(modules, error, says):
    with pytest.raises(error) as refused:
        Network(modules)
    for words in says:
        assert words in str(refused.value)


@pytest.mark.parametrize("sizes", [[], [4], [4, 0], [4, -1, 2], [4, 2.0], [4, "2"], [True, 2], 4])
def test_sizes_that_are_no_sizes_are_refused(sizes):
    with pytest.raises(SettingError):
        MLP(sizes)


@pytest.mark.parametrize(
    "dtype", ["float16", "int32", "complex64", "object", "no such type", ">f4", None, object()]
)
def test_a_dtype_other_than_float32_or_float64_is_refused(dtype):
    with pytest.raises(SettingError, match="dtype is float32 or float64"):
        MLP([4, 3], dtype=dtype)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(SettingError, match="seed"):
        MLP([4, 3], seed=seed)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "binary_cross_entropy"), ("sigmoid", "cross_entropy")],
)
def test_a_second_link_under_a_loss_is_refused(output, loss):
    with pytest.raises(SettingError, match=f"ends in {output}, but {loss} takes logits"):
        MLP([4, 3], output=output, loss=loss)


# -- using it --------------------------------------------------------------------------------------------


@in_both_dtypes
def test_logits_are_those_of_the_formula_written_out(dtype, rng):
    network = MLP([4, 6, 5, 3], "tanh", dtype=dtype)
    X = rng.normal(size=(9, 4)).astype(dtype)
    logits = network.logits(X)
    assert logits.dtype == dtype
    np.testing.assert_allclose(logits, by_hand(network, X), rtol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("chunk", [1, 4, 7, 8, 100])
def test_rows_computed_in_chunks_are_the_same(chunk, rng, monkeypatch):
    network, X = MLP([4, 5, 3], "tanh", dtype="float64"), rng.normal(size=(15, 4))
    whole = network.logits(X)
    monkeypatch.setattr("chainrule.network.CHUNK", chunk)
    np.testing.assert_allclose(network.logits(X), whole, rtol=1e-13)


@pytest.mark.parametrize(
    ("sizes", "loss", "shape", "probabilities"),
    [
        ([4, 3], "cross_entropy", (6,), (6, 3)),
        ([4, 1], "binary_cross_entropy", (6,), (6, 2)),
        ([4, 3], "binary_cross_entropy", (6, 3), (6, 3)),
        ([4, 1], "mean_squared_error", (6, 1), None),
        ([4, 3], "mean_squared_error", (6, 3), None),
    ],
)
@in_both_dtypes
@pytest.mark.parametrize("linked", [False, True])
def test_predictions_have_the_shape_and_meaning_of_the_loss(sizes, loss, shape, probabilities, dtype, linked, rng):
    output = LOSSES[loss].link if linked else None
    network, X = MLP(sizes, loss=loss, dtype=dtype, output=output, seed=1), rng.normal(size=(6, 4))
    predicted = network.predict(X)
    assert predicted.shape == shape
    if probabilities is None:
        np.testing.assert_array_equal(predicted, network.logits(X))
        with pytest.raises(NotFittedError, match="gives values, not probabilities"):
            network.predict_proba(X)
        return
    assert predicted.dtype.kind == "i"
    p = network.predict_proba(X)
    assert p.shape == probabilities
    assert p.dtype == dtype
    if loss == "cross_entropy":
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(predicted, p.argmax(axis=1))
        expected = np.exp(network.logits(X)) / np.exp(network.logits(X)).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(p, expected, rtol=1e-5)
    elif sizes[-1] == 1:
        np.testing.assert_allclose(p[:, 1:], 1 / (1 + np.exp(-network.logits(X))), rtol=1e-5)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(predicted, p[:, 1] > 0.5)
    else:
        np.testing.assert_allclose(p, 1 / (1 + np.exp(-network.logits(X))), rtol=1e-5)
        np.testing.assert_array_equal(predicted, p > 0.5)


def test_features_are_preprocessed_and_values_return_in_their_unit(rng):
    X = rng.normal(5, 3, (6, 2))
    plain = MLP([2, 2], loss="mean_squared_error", dtype="float64", seed=1)
    network = MLP(
        [2, 2],
        loss="mean_squared_error",
        dtype="float64",
        seed=1,
        preprocessing=PREPROCESSING.make({"name": "standardize", "d": 2, "mean": [5.0, 4.0], "scale": [3.0, 0.5]}),
        target=TARGETS.make({"name": "values", "names": ["a", "b"], "mean": [10.0, 0.0], "scale": [2.0, 100.0]}),
    )
    inside = plain.predict((X - [5, 4]) / [3, 0.5])
    np.testing.assert_allclose(network.logits(X), inside, rtol=1e-13)
    np.testing.assert_allclose(network.predict(X), inside * [2, 100] + [10, 0], rtol=1e-13)


def test_softmax_under_mean_squared_error_predicts_its_outputs(rng):
    network = MLP([4, 3], output="softmax", loss="mean_squared_error")
    np.testing.assert_allclose(network.predict(rng.normal(size=(6, 4))).sum(axis=1), 1, rtol=1e-6)


def test_one_row_and_one_column_work():
    assert MLP([1, 1], loss="mean_squared_error").predict([[2.0]]).shape == (1, 1)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_without_a_loss_outputs_have_no_meaning(method, rng):
    with pytest.raises(NotFittedError, match=r"no loss yet.*net.logits"):
        getattr(MLP([4, 3]), method)(rng.normal(size=(6, 4)))


@pytest.mark.parametrize(
    ("X", "error", "says"),
    [
        (
            np.zeros((4, 6)),
            ShapeError,
            ["Dense 0 (W is (3, 4)) takes 4 features", "(4, 6)", "transposed: try X.T"],
        ),
        (np.zeros((6, 5)), ShapeError, ["takes 4 features; X has 5", "(6, 5)"]),
        (np.zeros(4), ShapeError, ["two dimensions", "X[None, :]"]),
        (np.full((2, 4), np.nan), InputError, ["nan at row 0, column 0"]),
        ([["a"] * 4], InputError, ["text"]),
        (np.zeros((0, 4)), InputError, ["empty"]),
    ],
)
@pytest.mark.parametrize("method", ["logits", "predict", "predict_proba"])
def test_features_that_do_not_fit_are_refused_with_what_to_try(X, error, says, method):
    with pytest.raises(error) as refused:
        getattr(MLP([4, 3], loss="cross_entropy"), method)(X)
    for words in says:
        assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_features_too_large_for_the_network_are_an_error_not_a_warning():
    X = np.zeros((3, 4))
    X[1] = 1e38
    network = MLP([4, 8, 3], "relu", loss="cross_entropy")
    network.params.theta.fill(10)
    with pytest.raises(InputError, match="output for row 1 is not finite"):
        network.predict(X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predicting_spares_features_and_weights(dtype, rng):
    network = Network(["relu", Dense(4, 3)], loss="cross_entropy", dtype=dtype)
    X = rng.normal(size=(6, 4)).astype(dtype)
    X.flags.writeable = network.params.theta.flags.writeable = False
    before = X.tobytes()
    network.predict_proba(X)
    assert X.tobytes() == before


def test_the_state_dict_is_the_network():
    network = MLP([2, 2], seed=0)
    network.state_dict()["0.weight"][:] = np.eye(2)
    network.state_dict()["0.bias"][:] = [10, 20]
    np.testing.assert_array_equal(network.logits([[1, 2]]), [[11, 22]])
    network.params.theta.fill(0)
    np.testing.assert_array_equal(network.logits([[1, 2]]), [[0, 0]])


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))],  # noqa: S301
    ids=["deepcopy", "pickle"],
)
def test_a_copy_is_a_network_of_its_own(duplicate, rng):
    network, X = MLP([4, 5, 3], "tanh", loss="mean_squared_error"), rng.normal(size=(6, 4))
    twin = duplicate(network)
    before = network.logits(X)
    np.testing.assert_array_equal(twin.logits(X), before)
    fit(twin, X, rng.normal(size=(6, 3)), epochs=3)
    assert not np.array_equal(twin.logits(X), before)  # what was trained is what predicts
    np.testing.assert_allclose(twin.logits(X), by_hand(twin, X), rtol=1e-4)
    np.testing.assert_array_equal(network.logits(X), before)


# -- against PyTorch -------------------------------------------------------------------------------------


@every_activation
@pytest.mark.parametrize("output", [None, "softmax", "sigmoid"])
def test_outputs_are_those_of_the_same_sequential(activation, output, rng, pytorch):
    network = MLP([5, 7, 6, 4], activation, output=output, dtype="float64", seed=1)
    network.params.theta[:] += rng.normal(0, 0.1, network.params.theta.size)  # biases off 0
    X = rng.normal(size=(8, 5))
    peer = pytorch.sequential(network)
    expected = peer(pytorch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(network.logits(X), expected, rtol=1e-12, atol=1e-14)


@every_activation
@in_both_dtypes
def test_the_saved_file_opens_in_the_same_sequential(activation, dtype, rng, tmp_path, pytorch):
    from safetensors.torch import load_file

    network = MLP([5, 7, 4], activation, dtype=dtype, seed=1)
    network.params.theta[:] += rng.normal(0, 0.1, network.params.theta.size)
    network.save(tmp_path / "model.safetensors")
    peer = pytorch.torch.nn.Sequential(*map(pytorch.module, network.modules))
    peer = peer.to(getattr(pytorch.torch, dtype))
    peer.load_state_dict(load_file(tmp_path / "model.safetensors"), strict=True)
    X = rng.normal(size=(8, 5)).astype(dtype)
    expected = peer(pytorch.tensor(X)).detach().numpy()
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(network.logits(X), expected, rtol=tolerance, atol=tolerance)
