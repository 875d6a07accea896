"""A model file gives back the network it was made of, and says nothing else."""

import ast
import getpass
import json
import os
import pickle  # to make it fail
import socket
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import MLP, Network, fit, load
from chainrule.activations import ACTIVATIONS
from chainrule.core.errors import FileError
from chainrule.layers import Dense
from chainrule.losses import LOSSES
from chainrule.preprocessing import PREPROCESSING
from chainrule.targets import TARGETS

PACKAGE = Path(chainrule.__file__).parent
WIDTHS = st.integers(1, 6)
SLOPES = st.floats(0, 1, exclude_max=True).map(lambda slope: {"name": "leaky_relu", "slope": slope})


@st.composite
def networks(draw):
    """Any network: layers of any widths, any activations before, between and after them, any loss or none."""
    widths = draw(st.lists(WIDTHS, min_size=2, max_size=5))
    between = st.lists(st.sampled_from(list(ACTIVATIONS)) | SLOPES, max_size=2)
    modules = draw(between)
    for d_in, d_out in pairwise(widths):
        modules += [Dense(d_in, d_out), *draw(between)]
    loss = draw(st.none() | st.tuples(st.sampled_from(list(LOSSES)), st.sampled_from(["mean", "sum"])))
    spec = loss and {"name": loss[0], "reduction": loss[1]}
    if loss and getattr(modules[-1], "name", modules[-1]) in ("softmax", "sigmoid"):
        modules.append("identity")
    network = Network(modules, loss=spec, dtype=draw(st.sampled_from(["float32", "float64"])))
    theta = network.params.theta
    theta[:] = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=theta.size)
    return network


def assert_same(twin, network):
    assert twin.modules == network.modules
    assert twin.loss == network.loss
    assert twin.dtype == network.dtype
    assert twin.training == network.training
    assert twin.preprocessing == network.preprocessing
    assert twin.target == network.target
    assert twin.params.shapes == network.params.shapes
    assert twin.params.theta.dtype == network.params.theta.dtype
    assert twin.params.theta.tobytes() == network.params.theta.tobytes()


@settings(deadline=None, max_examples=60)
@given(network=networks())
def test_any_network_comes_back_bit_by_bit(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    network.save(path)
    twin = load(path)
    assert_same(twin, network)
    X = np.random.default_rng(0).normal(size=(3, network.d_in)).astype(network.dtype)
    assert twin.logits(X).tobytes() == network.logits(X).tobytes()
    before = path.read_bytes()
    twin.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_activation_and_loss_comes_back(activation, loss, dtype, tmp_path):
    network = MLP([4, 5, 3], activation, output=LOSSES[loss].link, loss=loss, dtype=dtype)
    network.save(str(tmp_path / "model"))
    assert_same(Network.load(str(tmp_path / "model")), network)


@pytest.mark.parametrize(
    ("preprocessing", "target"),
    [
        ({"name": "standardize", "d": 2, "mean": [0.1, 1e-300], "scale": [3.0, 1 / 3]}, None),
        (None, {"name": "classes", "names": ["nein", "ja", 'ÿ 中 " \\ \n'], "column": "Größe"}),
        (None, {"name": "values", "names": ["a", "b", "c"], "mean": [0, 1, 2.5], "scale": [1, 1e-7, 3]}),
    ],
)
def test_preprocessing_and_target_travel_with_it(preprocessing, target, tmp_path):
    network = MLP(
        [2, 3],
        preprocessing=preprocessing and PREPROCESSING.make(preprocessing),
        target=target and TARGETS.make(target),
    )
    network.save(tmp_path / "model")
    assert_same(load(tmp_path / "model"), network)


def trained(seed=0):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 4)), rng.integers(0, 3, 40)
    network = MLP([4, 5, 3], "tanh", seed=seed)
    fit(network, X, y, loss="cross_entropy", epochs=2, seed=seed)
    return network


def test_a_trained_network_comes_back_with_its_facts(tmp_path, rng):
    network = trained()
    network.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    assert_same(twin, network)
    assert twin.training["epochs"] == 2
    X = rng.normal(size=(7, 4))
    np.testing.assert_array_equal(twin.predict(X), network.predict(X))
    fit(twin, X, twin.predict(X), epochs=1)  # and can be trained on


def test_equal_runs_give_equal_bytes(tmp_path):
    for name, seed in [("a", 0), ("elsewhere", 0), ("c", 1)]:
        trained(seed).save(tmp_path / name)
        time.sleep(0.01)
    files = [(tmp_path / name).read_bytes() for name in ("a", "elsewhere", "c")]
    assert files[0] == files[1] != files[2]


def test_the_order_in_which_facts_were_noted_does_not_show(tmp_path):
    for name, facts in [("a", {"x": 1, "y": 2}), ("b", {"y": 2, "x": 1})]:
        network = MLP([4, 3])
        network.training = facts
        network.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_saving_over_a_file_replaces_it(tmp_path):
    path = tmp_path / "model"
    MLP([4, 50, 3]).save(path)
    trained().save(path)
    assert_same(load(path), trained())
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_the_file_holds_no_path_host_user_or_time(tmp_path):
    path = tmp_path / "a_telling_name.safetensors"
    trained().save(path)
    text = path.read_bytes()
    traces = [
        str(tmp_path),
        "a_telling_name",
        socket.gethostname(),
        str(Path.cwd()),
        str(PACKAGE),
        time.strftime("%Y"),
    ]
    traces += ["seconds", "/home", "/root", "/tmp", getpass.getuser() if "USER" in os.environ else "/usr"]
    assert not [trace for trace in traces if trace.encode() in text]


def test_the_header_is_plain_json_of_known_entries(tmp_path):
    trained().save(tmp_path / "model")
    data = (tmp_path / "model").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert set(header) == {"__metadata__", "0.weight", "0.bias", "2.weight", "2.bias"}
    assert set(header["__metadata__"]) == {"chainrule"}
    about = json.loads(header["__metadata__"]["chainrule"])
    assert about["format"] == 1
    assert about["modules"][0] == {"name": "dense", "d_in": 4, "d_out": 5}
    assert about["loss"] == {"name": "cross_entropy", "reduction": "mean", "label_smoothing": 0.0}
    assert about["training"]["optimizer"]["name"] == "adam"


def test_safetensors_itself_reads_the_weights(tmp_path):
    from safetensors.numpy import load_file

    network = trained()
    network.save(tmp_path / "model")
    weights = load_file(tmp_path / "model")
    assert {name: w.tobytes() for name, w in weights.items()} == {
        name: w.tobytes() for name, w in network.state_dict().items()
    }


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_not_saved(bad, tmp_path):
    network = MLP([4, 3])
    network.params["0.bias"][1] = bad
    with pytest.raises(FileError, match=r"0.bias holds NaN or infinity"):
        network.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["missing/model", "."])
def test_a_path_that_cannot_be_written_is_one_line(path, tmp_path):
    with pytest.raises(FileError, match="cannot write") as refused:
        MLP([4, 3]).save(tmp_path / path)
    assert "\n" not in str(refused.value)


def test_loading_runs_no_pickle_and_no_code(tmp_path, monkeypatch):
    trained().save(tmp_path / "model")
    load(tmp_path / "model")  # imports the things that it names

    def never(*_, **__):
        raise AssertionError("something in the file was run")

    for module, name in [
        (pickle, "load"),
        (pickle, "loads"),
        (pickle, "Unpickler"),
        (np, "load"),
        (os, "system"),
        (subprocess, "Popen"),
    ]:
        monkeypatch.setattr(module, name, never)
    assert load(tmp_path / "model").d_in == 4


FORBIDDEN_MODULES = {
    "pickle",
    "_pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "copyreg",
}
# joblib starts processes there, and reads no file
ALLOWED = {"studies/sweeps/workers.py": {"joblib"}}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}


def names_used(source):
    """Modules imported, and builtins called, by a piece of source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield f"{node.func.id}()"
        elif isinstance(node, ast.keyword) and (node.arg, ast.unparse(node.value)) == ("allow_pickle", "True"):
            yield "pickle"


def test_pickle_and_eval_occur_nowhere_in_the_package():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 40
    forbidden = FORBIDDEN_MODULES | {f"{call}()" for call in FORBIDDEN_CALLS}
    used = {str(path.relative_to(PACKAGE)): set(names_used(path.read_text())) & forbidden for path in files}
    assert not {path: names for path, names in used.items() if names - ALLOWED.get(path, set())}


@pytest.mark.parametrize(
    "source", ["import pickle", "from pickle import loads", "eval('1')", "f(allow_pickle=True)"]
)
def test_and_this_test_can_fail(source):
    assert set(names_used(source)) & {"pickle", "eval()"}
