"""The single file: right, stable, and a program that runs wherever it is copied."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "numpy_network.py"


@pytest.fixture(scope="module")
def lesson():
    spec = importlib.util.spec_from_file_location("numpy_network", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def alone(tmp_path):
    """Runs the script in an empty folder that holds a copy of it and nothing else."""
    shutil.copy(SCRIPT, tmp_path)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*words):
        return subprocess.run(
            [sys.executable, "-W", "error", "numpy_network.py", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def test_it_is_a_lesson_of_one_sitting_on_numpy_and_the_standard_library_alone():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported - set(sys.stdlib_module_names) == {"numpy"}
    assert "pickle" not in imported
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 600


def test_the_worked_neuron(lesson):
    x = np.array([1.0, 2.0, 3.0])
    y, loss, dw, db = lesson.neuron(x, np.array([0.5, 0.1, 0.2]), 0.0, 1.0)
    np.testing.assert_allclose([y, loss, db], [1.3, 0.09, 0.6], rtol=1e-12)
    np.testing.assert_allclose(dw, 0.6 * x, rtol=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "loss", ["squared_error_mean", "squared_error_sum", "binary_cross_entropy", "cross_entropy"]
)
@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softmax"])
def test_gradients_are_those_of_pytorch(lesson, rng, activation, loss, depth):
    torch = pytest.importorskip("torch")
    network = lesson.Network((3, *[5] * (depth - 1), 4), activation, loss, "xavier", seed=1)
    x, y = rng.standard_normal((6, 3)), rng.dirichlet(np.ones(4), 6)
    parameters = [torch.tensor(p, requires_grad=True) for p in [*network.weights, *network.biases]]
    f = {
        "identity": lambda z: z,
        "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
        "softmax": lambda z: torch.softmax(z, 1),
    }.get(activation) or getattr(torch, activation)
    a = torch.tensor(x)
    for i in range(depth):
        z = a @ parameters[i].T + parameters[depth + i]
        a = f(z)
    functional = torch.nn.functional
    value = {
        "squared_error_mean": lambda: functional.mse_loss(z, torch.tensor(y)),
        "squared_error_sum": lambda: functional.mse_loss(z, torch.tensor(y), reduction="sum"),
        "binary_cross_entropy": lambda: functional.binary_cross_entropy_with_logits(z, torch.tensor(y)),
        "cross_entropy": lambda: functional.cross_entropy(z, torch.tensor(y)),
    }[loss]()
    value.backward()
    ours, dWs, dbs = network.loss_and_gradients(x, y)
    assert ours == pytest.approx(value.item(), rel=1e-12)
    for gradient, parameter in zip([*dWs, *dbs], parameters, strict=True):
        np.testing.assert_allclose(gradient, parameter.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_losses_are_finite_and_right_at_any_logits(lesson, loss, dtype):
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0]], dtype)
    y = np.array([[1, 0], [1, 0], [1, 0]], dtype)
    value, dz = lesson.LOSSES[loss][0](z, y)
    assert value.dtype == dz.dtype == np.dtype(dtype)
    assert np.isfinite(dz).all()
    # a right answer costs 0, a wrong one its distance, an even one log 2 an output
    expected = (2e4 + np.log(2)) / 3 if loss == "cross_entropy" else (2e4 + 2 * np.log(2)) / 6
    assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["xor", "and", "or", "quadrants"])
def test_small_problems_are_learned_perfectly(lesson, name, capsys):
    assert lesson.main(["train", name]) == 0
    assert "accuracy: 100.00 %" in capsys.readouterr().out.splitlines()[-1]


def test_every_command_runs_when_the_file_stands_alone(alone, tmp_path):
    rows = "\n".join(f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(60))
    (tmp_path / "data.csv").write_text(f"a,b,answer\n{rows}\n")
    found = alone("train", "data.csv", "--save", "net.npz")
    assert (found.returncode, found.stderr) == (0, "")
    assert "test accuracy" in found.stdout.splitlines()[-1]
    for words in (
        ["evaluate", "net.npz", "data.csv"],
        ["predict", "net.npz", "data.csv"],
        ["info", "net.npz"],
        ["gradcheck", "--activation", "tanh", "--loss", "cross_entropy", "--hidden", "5,4"],
        ["benchmark"],
        ["train", "random", "--epochs", "20"],
    ):
        found = alone(*words)
        assert (found.returncode, found.stderr) == (0, ""), words
        assert found.stdout


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2, ["train", "xro"]),
        (2, ["train", "xor", "--activation", "rleu"]),
        (2, ["nonsense"]),
        (2, ["train", "xor", "--epochs", "-1"]),
        (1, ["info", "absent.npz"]),
        (1, ["info", "numpy_network.py"]),
        (1, ["train", "random", "--learning-rate", "1000"]),
        (1, ["train", "mnist"]),  # no data in an empty folder
    ],
)
def test_bad_input_gets_one_line(alone, code, words):
    found = alone(*words)
    assert found.returncode == code
    assert found.stderr.count("\n") == 1
    assert "Traceback" not in found.stderr


def test_a_damaged_file_is_refused(lesson, tmp_path):
    path = tmp_path / "net.npz"
    lesson.save(lesson.Network((3, 4, 2)), path)
    whole = path.read_bytes()
    network, _ = lesson.load(path)
    assert network.sizes == (3, 4, 2)
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="cannot be loaded"):
            lesson.load(path)


@pytest.mark.thorough
def test_mnist_reaches_97_percent(alone):
    found = alone("train", "mnist", "--data", str(SCRIPT.parent / "data" / "mnist"))
    assert (found.returncode, found.stderr) == (0, "")
    last = found.stdout.splitlines()[-1]
    assert last.startswith("test accuracy: ")
    assert float(last.split()[2]) >= 97
