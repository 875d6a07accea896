"""Networks of all layers: their sizes, how they start, predict, are kept in files and trained."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.app import run
from chainrule.core.errors import (
    DivergenceError,
    FileError,
    InputError,
    SettingError,
    ShapeError,
    UnknownNameError,
)
from chainrule.layers import LAYERS
from chainrule.optimizers import OPTIMIZERS
from chainrule.runs import Run, RunConfig
from chainrule.training.state import TrainingState

EMBEDDING = {"name": "embedding", "columns": [1], "categories": [3], "widths": [2]}
# A network with each layer; a new layer has to be put into one.
NETWORKS = {
    "dense": cr.MLP([4, 8, 3]),
    "dropout": cr.MLP([4, 8, 3], dropout=0.3),
    "batch_norm": cr.MLP([4, 8, 3], normalization="batch_norm"),
    "layer_norm": cr.MLP([4, 8, 3], normalization="layer_norm"),
    "prelu": cr.MLP([4, 8, 3], "prelu:shared=false"),
    "residual": cr.MLP([4, 8, 8, 3], residual=True, normalization="batch_norm", dropout=0.2),
    "embedding": cr.MLP([4, 8, 3], embedding=EMBEDDING),
}
each = pytest.mark.parametrize("name", LAYERS)


def data(rows=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 4)).astype("float32")
    X[:, 1] = rng.integers(0, 3, rows)
    return X, (X[:, 0] + X[:, 1] > 1).astype(int) + (X[:, 2] > 0)


def trained(name, epochs=30, **settings):
    network, (X, y) = copy.deepcopy(NETWORKS[name]), data()
    settings = {"optimizer": "adam:learning_rate=0.02", "batch_size": 16, "epochs": epochs, **settings}
    return network, cr.fit(network, X, y, loss="cross_entropy", **settings)


# -- sizes and what stands where -------------------------------------------------------------------------


def test_sizes_left_open_are_those_of_what_comes_before():
    network = cr.Network(
        ["dropout:rate=0.1", cr.layers.Dense(4, 6), "batch_norm", "relu", {"name": "dropout", "rate": 0.5},
         "dense:d_out=5", cr.layers.LayerNorm(), "prelu:shared=false", cr.layers.Residual(("dense:d_out=5",), d_in=5),
         {"name": "residual", "modules": ["dense:d_out=2"], "projection": True}]
    )  # fmt: skip
    widths = [(m.d_in, m.d_out) for m in network.modules if m.name != "relu"]
    assert widths == [(4, 4), (4, 6), (6, 6), (6, 6), (6, 5), (5, 5), (5, 5), (5, 5), (5, 2)]
    assert network.params["7.weight"].shape == (5,)
    assert set(network.state_dict()) >= {"8.0.weight", "9.0.bias", "9.projection.weight", "2.running_var"}


def test_an_mlp_has_normalization_before_and_dropout_after_each_activation():
    network = cr.MLP([4, 8, 6, 3], ["tanh", "prelu"], normalization="batch_norm", dropout=0.2)
    hidden = ["dense", "batch_norm", "{}", "dropout"]
    names = [name.format(each) for each in ("tanh", "prelu") for name in hidden]
    assert [module.name for module in network.modules] == [*names, "dense"]
    blocks = cr.MLP([4, 8, 8, 3], residual=True).modules
    assert [module.name for module in blocks] == ["dense", "relu", "residual", "dense"]


def test_weights_suit_the_activation_after_a_normalization():
    for spec, variance in (("relu", 2 / 900), ("prelu", 2 / 900), ("tanh", 2 / 1300)):
        for more in ({}, {"normalization": "batch_norm"}, {"residual": True}):
            network = cr.MLP([900, 900, 400, 2] if more == {"residual": True} else [900, 400, 2], spec, **more)
            names = [name for name, shape in network.params.shapes.items() if shape == (400, 900)]
            assert network.params[names[0]].var() == pytest.approx(variance, rel=0.02)
    inner = cr.MLP([900, 900, 2], "relu", residual=True).params["0.0.weight"]
    assert inner.var() == pytest.approx(2 / 900, rel=0.02)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: cr.Network(["batch_norm", "dropout"]), SettingError, "needs a width"),
        (lambda: cr.Network([cr.layers.Dense(4, 3), cr.layers.BatchNorm(d=4)]), ShapeError, "takes 4 features"),
        (lambda: cr.Network([cr.layers.Dense(4, 4), EMBEDDING]), SettingError, "must stand first"),
        (lambda: cr.MLP([4, 8, 3], ["relu", "tanh"]), SettingError, "2 activations for 1 hidden layer;"),
        (lambda: cr.MLP([4, 3], dropout=0.2), SettingError, "dropout is for hidden layers"),
        (lambda: cr.MLP([4, 8, 3], residual=True), SettingError, "as wide as the one before"),
        (lambda: cr.MLP([4, 8, 3], dropout=1.0), SettingError, "rate"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_codes_are_checked_where_data_come_in():
    network, (X, y) = cr.MLP([4, 8, 3], embedding=EMBEDDING, loss="cross_entropy"), data()
    network.predict(X)
    X[7, 1] = 3
    for act in (network.predict, network.predictor(60), lambda X: cr.fit(network, X, y)):
        with pytest.raises(InputError, match="0 to 2; row 7 has 3"):
            act(X)


# -- predicting and files --------------------------------------------------------------------------------


def test_every_layer_is_in_a_network_here():
    assert set(NETWORKS) == set(LAYERS)
    for name, network in NETWORKS.items():
        inner = [m for module in network.modules for m in getattr(module, "inner", ())]
        assert name in {module.name for module in [*network.modules, *inner]}


@each
def test_predictions_are_the_same_each_time_in_every_way(name, tmp_path):
    network, _ = trained(name, epochs=3)
    X, _ = data()
    expected = network.logits(X)
    network.save(tmp_path / "model.safetensors")
    others = [network, cr.load(tmp_path / "model.safetensors"), copy.deepcopy(network),
              pickle.loads(pickle.dumps(network))]  # noqa: S301  # fmt: skip
    for other in others:
        assert other.logits(X).tobytes() == expected.tobytes()
        assert other.state_dict().keys() == network.state_dict().keys()
    np.testing.assert_allclose(network.predictor(60).logits(X), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(network.predictor().logits(X[0]), expected[:1], rtol=1e-5, atol=1e-5)


@each
def test_the_file_opens_in_pytorch_unchanged(name, tmp_path, pytorch):
    from safetensors.torch import load_file

    network, _ = trained(name, epochs=3)
    network.save(tmp_path / "model.safetensors")
    modules = [module.in_torch(pytorch.torch) for module in network.modules]
    peer = pytorch.torch.nn.Sequential(*modules)
    peer.load_state_dict(load_file(tmp_path / "model.safetensors"), strict=True)
    X, _ = data()
    theirs = peer.eval()(pytorch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(network.logits(X), theirs, rtol=1e-5, atol=1e-5)


def test_a_file_without_its_running_averages_is_refused(tmp_path):
    network, _ = trained("batch_norm", epochs=1)
    network.save(tmp_path / "model")
    data = (tmp_path / "model").read_bytes()
    (tmp_path / "model").write_bytes(data.replace(b"1.running_var", b"1.running_vax"))
    with pytest.raises(FileError, match=r"missing 1\.running_var; unknown 1\.running_vax"):
        cr.load(tmp_path / "model")


def test_the_summary_counts_parameters_and_buffers():
    summary = cr.MLP([4, 8, 8, 3], residual=True, normalization="batch_norm").summary()
    assert [row.parameters for row in summary.rows] == [40, 16, 0, 72 + 16, 27]
    assert [row.buffers for row in summary.rows] == [0, 16, 0, 16, 0]
    assert str(summary).endswith(f"{4 * (40 + 16 + 88 + 27)} bytes of float32 parameters, {4 * 32} of buffers")


# -- training --------------------------------------------------------------------------------------------


@each
def test_a_network_with_it_learns_and_repeats_bit_for_bit(name):
    network, history = trained(name, epochs=60)
    assert history["accuracy"][-1] > 0.85
    again, same = trained(name, epochs=60)
    assert again.params.theta.tobytes() == network.params.theta.tobytes()
    assert again.buffers.theta.tobytes() == network.buffers.theta.tobytes()
    assert same.steps == history.steps


@each
@pytest.mark.parametrize("training", [True, False])
def test_the_engine_gives_the_gradient_of_a_network_with_it(name, training):
    X, y = data(20)
    report = cr.check_gradients(NETWORKS[name], X, y, loss="cross_entropy", training=training)
    assert report.ok, str(report)


def test_checking_gradients_leaves_running_averages_as_they_were():
    network, (X, y) = copy.deepcopy(NETWORKS["batch_norm"]), data()
    before = network.buffers.theta.copy()
    cr.check_gradients(network, X, y, loss="cross_entropy")
    assert np.array_equal(network.buffers.theta, before)


def test_dropout_does_not_change_the_shuffle():
    orders = []
    for rate in (0.0, 0.5):
        network, seen = cr.MLP([4, 8, 3], dropout=rate), []

        class Watch(cr.Callback):
            def on_step_end(self, trainer):
                seen.append(trainer.engine._gathered[0].copy())  # noqa: B023

        cr.fit(network, *data(64), loss="cross_entropy", batch_size=16, epochs=2, callbacks=[Watch()])
        orders.append(np.array(seen))
    assert np.array_equal(*orders)


def test_masks_are_others_each_step_and_another_seed_gives_others():
    theta = [trained("dropout", epochs=1, seed=seed)[0].params.theta for seed in (0, 1)]
    assert not np.array_equal(*theta)


def test_going_back_in_a_training_brings_back_the_same_masks_and_averages():
    network = cr.MLP([4, 8, 3], dropout=0.5, normalization="batch_norm")
    state = TrainingState(network.params.theta, network.buffers.theta, OPTIMIZERS.make("adam"), seed=0)
    assert state.keep()
    drawn, averages = state.noise.random(5), network.buffers.theta.copy()
    network.buffers.theta += 1
    state.go_back()
    assert np.array_equal(state.noise.random(5), drawn)
    assert np.array_equal(network.buffers.theta, averages)


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_after_a_divergence_weights_and_running_averages_are_finite(rate, tmp_path):
    network, (X, _) = copy.deepcopy(NETWORKS["batch_norm"]), data()
    with pytest.raises(DivergenceError):
        cr.fit(
            network,
            X,
            2 * X[:, :3],
            loss="mean_squared_error",
            optimizer=f"sgd:learning_rate={rate}",
            batch_size=8,
        )
    assert np.isfinite(network.params.theta).all()
    assert np.isfinite(network.buffers.theta).all()
    network.save(tmp_path / "model")


def test_batches_of_one_row_are_refused_before_training_and_a_row_left_over_is_not():
    network, (X, y) = copy.deepcopy(NETWORKS["batch_norm"]), data(33)
    with pytest.raises(SettingError, match=r"at least 2 rows.*layer_norm"):
        cr.fit(network, X, y, loss="cross_entropy", batch_size=1)
    history = cr.fit(network, X, y, loss="cross_entropy", batch_size=16, epochs=2)  # 16 + 16 + 1
    assert len(history.steps) == 6
    assert np.isfinite(network.buffers.theta).all()
    inside = cr.MLP([4, 4, 4, 3], residual=True, normalization="batch_norm")
    with pytest.raises(SettingError, match="Residual"):
        cr.fit(inside, X, y, loss="cross_entropy", batch_size=1)


# -- the command line ------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    cities, prices = ["Bern", "Lima", "Oslo", "Rome"], [3.0, -1.0, 2.0, 0.0]
    rows = zip(rng.integers(0, 4, 120), rng.uniform(0, 2, 120), strict=True)
    lines = [f"{cities[c]},{age:.3f},{prices[c] + age:.3f}" for c, age in rows]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(["city,age,price", *lines]) + "\n")
    return path


def test_embed_learns_a_table_for_each_column_of_texts(table, tmp_path, capsys):
    place, new = tmp_path / "run", tmp_path / "new.csv"
    options = ["--target", "price", "--embed", "6", "--epochs", "60", "--run-dir", str(place), "-q"]
    assert run(["train", str(table), *options]) == 0
    network = cr.load(place / "model.safetensors")
    assert network.modules[0] == LAYERS["embedding"](d_in=2, columns=(0,), categories=(4,), widths=(4,))
    assert float(re.search(r"R2: ([\d.]+)", capsys.readouterr().out)[1]) > 0.97
    new.write_text("city,age\nOslo,1\nOlso,1\n")
    assert run(["predict", str(place), str(new)]) == 1
    assert "line 3: column 'city' is 'Olso', a category that training never saw" in capsys.readouterr().err
    with pytest.raises(InputError, match="the source has none"):
        Run(RunConfig("moons", embed=4))


def test_the_options_make_the_network_that_the_library_makes(tmp_path, capsys):
    options = ["--hidden", "8,8", "--activation", "leaky_relu:slope=0.1,prelu", "--normalization", "layer_norm",
               "--dropout", "0.25", "--residual", "--epochs", "2", "-q"]  # fmt: skip
    assert run(["train", "moons:n=60", *options, "--run-dir", str(tmp_path / "a")]) == 0
    network = cr.load(tmp_path / "a" / "model.safetensors")
    told = ["leaky_relu:slope=0.1", "prelu"]
    more = {"normalization": "layer_norm", "dropout": 0.25, "residual": True}
    assert network.modules == cr.MLP([2, 8, 8, 2], told, **more).modules
    # and the run repeats from its own file
    assert (
        run(["train", "--config", str(tmp_path / "a" / "config.toml"), "--run-dir", str(tmp_path / "b"), "-q"])
        == 0
    )
    models = [(tmp_path / each / "model.safetensors").read_bytes() for each in "ab"]
    assert models[0] == models[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"activation": "dropout"}, "unknown activation 'dropout'"),
        ({"normalization": "batchnorm"}, "Did you mean 'batch_norm'"),
        ({"activation": ("relu", "rleu")}, "Did you mean 'relu'"),
        ({"activation": ("relu", "tanh", "tanh")}, "3 activations for 2 hidden layers"),
        ({"normalization": "batch_norm", "batch_size": 1}, "at least 2 rows"),
        ({"dropout": 1.5}, "rate"),
    ],
)
def test_options_that_make_no_network_are_refused(options, says):
    with pytest.raises((SettingError, UnknownNameError), match=says):
        Run(RunConfig("moons:n=40", **options))


# -- the document ----------------------------------------------------------------------------------------


def test_each_layer_has_its_example_in_the_document():
    text = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    assert set(parts) == set(LAYERS)
    for name, part in parts.items():
        assert "```python" in part, f"{name} has no example"
