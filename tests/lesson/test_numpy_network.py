"""The lesson in one file, numpy_network.py: an oracle for the package, so nothing here imports the package."""

import ast
import gzip
import importlib.util
import json
import pickle
import shutil
import signal
import struct
import subprocess
import sys
from itertools import chain, product
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "numpy_network.py"
spec = importlib.util.spec_from_file_location("numpy_network_lesson", SCRIPT)
lesson = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lesson)

ALL = list(product(lesson.ACTIVATIONS, lesson.LOSSES, (1, 2, 3, 4)))
HIDDEN = (5, 4, 6)
SMALL_DATA = ("xor", "and", "or", "quadrants")


def case(activation, loss, depth, dtype=np.float64, scale=1.0):
    """A network of that depth with random biases too, and a batch with targets that suit its loss."""
    rng = np.random.default_rng([depth, len(activation), len(loss)])
    network = lesson.Network((3, *HIDDEN[: depth - 1], 3), activation, loss, "xavier", seed=depth, dtype=dtype)
    for b in network.biases:
        b[:] = rng.normal(0, 0.5, b.shape)
    x = scale * rng.uniform(-1, 1, (7, 3))
    y = {
        "cross_entropy": rng.integers(0, 3, 7),
        "binary_cross_entropy": rng.integers(0, 2, (7, 3)),
    }.get(loss, rng.normal(0, 1, (7, 3)))
    return network, x, y


def run(*argv, cwd=None, script=SCRIPT):
    """The command in a process of its own, where any warning is an error: exit code, stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-W", "error", script, *map(str, argv)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout, done.stderr


def write(path, text):
    path.write_text(text)
    return str(path)


@pytest.fixture
def iris(tmp_path):
    """Three separable classes, one constant column, and columns of very different sizes."""
    rng = np.random.default_rng(0)
    lines = ["length,width,same,species"]
    for i in range(60):
        k = i % 3
        length, width = rng.normal((5 + 3 * k, 1e4 * k), (0.3, 1000))
        lines.append(f"{length:.3f},{width:.1f},7,{('setosa', 'versicolor', 'virginica')[k]}")
    return write(tmp_path / "iris.csv", "\n".join(lines) + "\n")


@pytest.fixture
def houses(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["price,area,year"]
    for _ in range(200):
        area, year = rng.uniform(50, 200), rng.integers(1900, 2020)
        lines.append(f"{2000 * area + 100 * (year - 1900):.0f},{area:.2f},{year}")
    return write(tmp_path / "houses.csv", "\n".join(lines) + "\n")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "xor.npz"
    network = lesson.Network((2, 3, 1), "tanh", "binary_cross_entropy")
    lesson.save(network, path, {"features": ["x1", "x2"], "target": "y", "classes": ["0", "1"]})
    return path


# ---- the script as a whole


def test_it_imports_only_numpy_and_the_standard_library():
    tree = ast.parse(SCRIPT.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= {"numpy", *sys.stdlib_module_names}


def test_it_can_be_read_in_one_sitting():
    assert len(SCRIPT.read_text().splitlines()) <= 600


def test_every_command_runs_when_the_file_is_copied_alone_into_an_empty_folder(tmp_path):
    alone = Path(shutil.copy(SCRIPT, tmp_path))
    for argv, expected in {
        ("train", "xor", "--save", "xor.npz"): "training accuracy: 100.00 % (4 of 4)\n",
        ("evaluate", "xor.npz", "xor"): "test accuracy: 100.00 % (4 of 4)\n",
        ("predict", "xor.npz", "xor"): "0\n1\n1\n0\n",
        ("info", "xor.npz"): "network 2-8-1, tanh, binary_cross_entropy, float64, 33 parameters\n",
        (
            "gradcheck",
            "--activation",
            "tanh",
            "--loss",
            "cross_entropy",
            "--hidden",
            "5,4",
        ): "tanh       cross_entropy",
        ("benchmark", "--hidden", "8", "--batch", "8"): "ratio",
    }.items():
        code, out, err = run(*argv, cwd=tmp_path, script=alone)
        assert (code, err) == (0, "")
        assert expected in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["numpy_network.py", "xor.npz"]


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "gradcheck", "benchmark", "info"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        lesson.main([command, "--help"])
    assert stop.value.code == 0
    assert command in capsys.readouterr().out


# ---- the mathematics


def test_the_worked_neuron_gives_the_numbers_of_its_derivation():
    x, w = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.1, 0.2])
    y, loss, dw, db = lesson.neuron(x, w, 0.0, 1.0)
    np.testing.assert_allclose([y, loss, db], [1.3, 0.09, 0.6], rtol=1e-14)
    np.testing.assert_allclose(dw, 0.6 * x, rtol=1e-14)
    y, loss, *_ = lesson.neuron(x, w - 0.01 * dw, -0.01 * db, 1.0)
    np.testing.assert_allclose([y, loss], [1.21, 0.0441], rtol=1e-13)
    assert lesson.neuron(-x, w, 0.0, 1.0)[1:] == (1.0, pytest.approx(np.zeros(3)), 0.0)  # off: nothing is learned


@pytest.mark.parametrize("name", lesson.ACTIVATIONS)
def test_an_activation_keeps_its_dtype_and_is_finite_at_any_input(name):
    forward, backward = lesson.ACTIVATIONS[name]
    for dtype in (np.float32, np.float64):
        z = np.array([[-1e30, -1e4, -1.0], [0.0, 1.0, 1e4], [1e30, -1e30, 0.0]], dtype)
        a = forward(z)
        dz = backward(np.ones_like(z), z, a)
        assert a.dtype == dz.dtype == dtype
        assert np.isfinite(a).all()
        assert np.isfinite(dz).all()


def test_the_activations_have_their_textbook_values():
    z = np.array([[-2.0, 0.0, 3.0]])
    e = np.exp(z)
    expected = {
        "identity": (z, 1),
        "sigmoid": (1 / (1 + 1 / e), e / (1 + e) ** 2),
        "tanh": ((e - 1 / e) / (e + 1 / e), 4 / (e + 1 / e) ** 2),
        "relu": ([[0, 0, 3]], [[0, 0, 1]]),
        "leaky_relu": ([[-0.02, 0, 3]], [[0.01, 0.01, 1]]),
        "softmax": (e / e.sum(), 0),  # its rows of the Jacobian sum to 0: all outputs together cannot grow
    }
    assert expected.keys() == lesson.ACTIVATIONS.keys()
    for name, (forward, backward) in lesson.ACTIVATIONS.items():
        np.testing.assert_allclose(forward(z), expected[name][0], rtol=1e-14)
        np.testing.assert_allclose(backward(np.ones_like(z), z, forward(z)) - expected[name][1], 0, atol=1e-15)


def test_softmax_goes_back_through_its_jacobian():
    rng = np.random.default_rng(0)
    z, da = rng.normal(size=(1, 5)), rng.normal(size=(1, 5))
    a = lesson.softmax(z)
    jacobian = np.diag(a[0]) - np.outer(a[0], a[0])
    np.testing.assert_allclose(lesson.ACTIVATIONS["softmax"][1](da, z, a), da @ jacobian, rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "std"), [("zeros", 0), ("large", 1), ("lecun", 0.05), ("xavier", 0.04), ("he", 0.0707)]
)
def test_an_initialization_has_its_standard_deviation_and_zero_biases(name, std):
    network = lesson.Network((400, 850), loss="squared_error_mean", init=name)
    assert network.weights[0].std() == pytest.approx(std, rel=0.01)
    assert not network.biases[0].any()


def test_float32_and_float64_networks_start_alike():
    one, two = (lesson.Network((4, 3, 2), dtype=dtype) for dtype in (np.float32, np.float64))
    for a, b in zip(one.weights, two.weights, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_array_equal(a, b.astype(np.float32))


@pytest.mark.parametrize(("activation", "loss", "depth"), ALL)
def test_gradients_agree_with_finite_differences(activation, loss, depth):
    # Differences are good to about 1e-11, and behind three layers of softmax the gradients are near 1e-4.
    assert lesson.gradient_check(*case(activation, loss, depth)) < 1e-6


@pytest.mark.parametrize("name", [*lesson.ACTIVATIONS, *lesson.LOSSES])
def test_the_gradient_check_finds_a_derivative_that_is_one_percent_off(name, monkeypatch):
    shelf, i = (lesson.ACTIVATIONS, 1) if name in lesson.ACTIVATIONS else (lesson.LOSSES, 0)
    right = shelf[name]
    if i == 1:
        wrong = (right[0], lambda *args: 1.01 * right[1](*args))
        network, x, y = case(name, "squared_error_mean", 3)
    else:
        wrong = (lambda z, y: (right[0](z, y)[0], 1.01 * right[0](z, y)[1]), right[1])
        network, x, y = case("tanh", name, 3)
    monkeypatch.setitem(shelf, name, wrong)
    assert lesson.gradient_check(network, x, y) > 5e-3


@pytest.mark.parametrize(("activation", "loss", "depth"), ALL)
def test_loss_and_gradients_are_those_of_torch(activation, loss, depth):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    forward = {
        "identity": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "softmax": lambda z: torch.softmax(z, dim=1),
    }[activation]
    criterion = {
        "squared_error_sum": lambda z, y: functional.mse_loss(z, y, reduction="sum"),
        "squared_error_mean": functional.mse_loss,
        "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
        "cross_entropy": functional.cross_entropy,
    }[loss]
    # Float32 has 7 digits, and sums of numbers of both signs lose some of them: compare with the largest entry.
    for (dtype, tolerance), scale in product((("float32", 1e-4), ("float64", 1e-11)), (1.0, 1e4)):
        network, x, y = case(activation, loss, depth, dtype, scale)
        found, dWs, dbs = network.loss_and_gradients(x, y)
        parameters = [torch.tensor(p, requires_grad=True) for p in network.weights + network.biases]
        z = torch.tensor(x.astype(dtype))
        for i in range(depth):
            z = (forward(z) if i > 0 else z) @ parameters[i].T + parameters[depth + i]
        expected = criterion(z, torch.tensor(y if loss == "cross_entropy" else y.astype(dtype)))
        expected.backward()
        assert found == pytest.approx(expected.item(), rel=tolerance)
        for gradient, parameter in zip(dWs + dbs, parameters, strict=True):
            peer = parameter.grad.numpy()
            assert gradient.dtype == dtype
            np.testing.assert_allclose(gradient, peer, rtol=0, atol=tolerance * max(np.abs(peer).max(), 1e-6))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_the_cross_entropies_are_exact_far_out(dtype, size):
    z = np.array([[size, -size], [size, -size]], dtype)
    loss, dz = lesson.binary_cross_entropy(z, np.array([[1, 0], [0, 1]], dtype))
    assert loss == pytest.approx(
        size / 2, rel=1e-6
    )  # nothing where it is right, the logit itself where it is wrong
    np.testing.assert_array_equal(dz, np.array([[0, 0], [0.25, -0.25]], dtype))
    loss, dz = lesson.cross_entropy(z, np.array([[1, 0], [0, 1]], dtype))
    assert loss == pytest.approx(size, rel=1e-6)  # (0 + 2 size) / 2 rows
    np.testing.assert_array_equal(dz, np.array([[0, 0], [0.5, -0.5]], dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_cross_entropies_keep_small_losses_that_clipping_would_lose(dtype):
    z, y = np.array([[30.0]], dtype), np.array([[1.0]], dtype)
    assert lesson.binary_cross_entropy(z, y)[0] == pytest.approx(np.exp(-30), rel=1e-6)


@pytest.mark.parametrize("loss", ["squared_error_mean", "squared_error_sum", "binary_cross_entropy"])
def test_targets_of_another_shape_are_an_error_and_never_broadcast(loss):
    network = lesson.Network((2, 1), loss=loss)
    for y in (np.zeros(4), np.zeros((1, 1)), np.zeros((4, 2)), np.float64(0), np.zeros((3, 1))):
        with pytest.raises(ValueError, match=r"expected targets of shape \(4, 1\)"):
            network.loss_and_gradients(np.zeros((4, 2)), y)


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, 3],
        [0, -1, 1],
        [0.0, 1.0, 2.0],
        [0, 1],
        [[0], [1], [2]],
        ["a", "b", "c"],
        [[1, 1, 0]] * 3,
        [[0.5, 0.2, 0.2]] * 3,
        [[2, -1, 0]] * 3,
        [[np.nan, 0, 1]] * 3,
    ],
)
def test_cross_entropy_refuses_targets_that_are_neither_labels_nor_probabilities(y):
    with pytest.raises(ValueError, match="cross_entropy expected"):
        lesson.Network((2, 3)).loss_and_gradients(np.zeros((3, 2)), y)


def test_labels_and_the_probabilities_that_stand_for_them_give_the_same():
    network, x, y = case("tanh", "cross_entropy", 2)
    one, two = network.loss_and_gradients(x, y), network.loss_and_gradients(x, np.eye(3)[y])
    assert one[0] == two[0]
    np.testing.assert_array_equal(one[1][0], two[1][0])


@pytest.mark.parametrize("y", [[[2.0]], [[-0.1]], [[np.nan]], [[np.inf]]])
def test_binary_cross_entropy_refuses_targets_outside_0_and_1(y):
    with pytest.raises(ValueError, match="from 0 to 1"):
        lesson.Network((2, 1), loss="binary_cross_entropy").loss_and_gradients(np.zeros((1, 2)), y)


@pytest.mark.parametrize("x", [np.zeros((4, 3)), np.zeros(2), np.zeros((0, 2)), np.zeros((1, 2, 1))])
def test_rows_of_another_width_are_an_error(x):
    with pytest.raises(ValueError, match="expected rows of 2 numbers"):
        lesson.Network((2, 1), loss="squared_error_mean").forward(x)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "rleu"}, "relu"),
        ({"loss": "mse"}, "squared_error_mean"),
        ({"init": "best"}, "xavier"),
        ({"sizes": (2,)}, "sizes"),
        ({"sizes": (2, 0, 2)}, "sizes"),
        ({"sizes": (2, 1)}, "2 outputs"),
    ],
)
def test_a_network_that_cannot_be_is_refused_with_what_could_be(settings, message):
    with pytest.raises(ValueError, match=message):
        lesson.Network(**{"sizes": (2, 2)} | settings)


# ---- gradient descent


def test_a_step_goes_against_the_gradient():
    network, x, y = case("tanh", "cross_entropy", 3)
    loss, dWs, dbs = network.loss_and_gradients(x, y)
    before = [p.copy() for p in network.weights + network.biases]
    assert network.step(x, y, 0.1) == loss
    for old, gradient, new in zip(before, dWs + dbs, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(new, old - 0.1 * gradient)


@pytest.mark.parametrize(("batch_size", "sizes"), [(0, [10]), (1, [1] * 10), (4, [4, 4, 2]), (99, [10])])
def test_an_epoch_visits_every_row_once_in_a_fresh_order_with_a_short_last_batch(batch_size, sizes, monkeypatch):
    seen = []
    monkeypatch.setattr(lesson.Network, "step", lambda self, x, y, rate: seen.append(x[:, 0].tolist()) or 0.0)
    x = np.arange(10.0)[:, None]
    network = lesson.Network((1, 1), loss="squared_error_mean")
    network.fit(x, x, epochs=2, batch_size=batch_size, seed=3)
    epochs = [seen[: len(sizes)], seen[len(sizes) :]]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == sizes
        assert sorted(chain.from_iterable(epoch)) == x[:, 0].tolist()
    assert epochs[0] != epochs[1]
    again = seen.copy()
    seen.clear()
    network.fit(x, x, epochs=2, batch_size=batch_size, seed=3)
    assert seen == again
    seen.clear()
    network.fit(x, x, epochs=2, batch_size=batch_size, seed=4)
    assert seen != again


def test_the_history_holds_the_mean_loss_of_each_epoch():
    x, y = np.arange(5.0)[:, None], np.ones((5, 1))
    network = lesson.Network((1, 1), loss="squared_error_mean")
    expected = np.mean((x * network.weights[0][0, 0] - y) ** 2)
    lines = []
    history = network.fit(x, y, epochs=3, batch_size=2, learning_rate=0.0, report=lines.append)
    assert history == pytest.approx([expected] * 3, rel=1e-14)
    assert len(lines) == 3


def test_all_zero_weights_never_part():
    x, y, _ = lesson.small_data("xor")
    network = lesson.Network((2, 4, 1), "sigmoid", "binary_cross_entropy", "zeros")
    network.fit(x, y[:, None], epochs=50, batch_size=0, learning_rate=0.5)
    assert np.ptp(network.weights[0], axis=0).max() == 0


def test_divergence_is_reported_with_its_epoch_and_step_and_no_warning():
    rng = np.random.default_rng(0)
    network = lesson.Network((3, 8, 1), "relu", "squared_error_sum")
    with pytest.raises(FloatingPointError, match=r"diverged in epoch \d+, step [123]: .*smaller learning rate"):
        network.fit(rng.normal(size=(6, 3)), rng.normal(size=(6, 1)), epochs=50, batch_size=2, learning_rate=10.0)


def test_inputs_with_nan_are_refused_before_training():
    with pytest.raises(ValueError, match="finite inputs"):
        lesson.Network((1, 2)).fit(np.array([[1.0], [np.nan]]), np.array([0, 1]))


@pytest.mark.parametrize("name", SMALL_DATA)
@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_small_data_are_learned_perfectly_with_the_defaults(name, seed, capsys):
    assert lesson.main(["train", name, "--seed", seed]) == 0
    n = 12 if name == "quadrants" else 4
    assert capsys.readouterr().out.endswith(f"training accuracy: 100.00 % ({n} of {n})\n")


def test_without_a_hidden_layer_xor_is_not_learned(capsys):
    assert lesson.main(["train", "xor", "--hidden", "0"]) == 0
    assert "100.00 %" not in capsys.readouterr().out


@pytest.mark.parametrize("batch", ["1", "3"])
def test_xor_is_learned_by_stochastic_and_mini_batch_descent_too(batch, capsys):
    assert lesson.main(["train", "xor", "--batch", batch, "--epochs", "1000"]) == 0
    assert "100.00 %" in capsys.readouterr().out


def test_the_quadrants_are_the_twelve_points_and_their_quadrants():
    x, y, about = lesson.small_data("quadrants")
    assert {tuple(row) for row in np.abs(x)} == {(1, 1), (10, 1), (1, 10)}
    assert len({tuple(row) for row in x}) == 12
    for (x1, x2), label in zip(x, y, strict=True):
        assert (
            about["classes"][label]
            == {(1, 1): "I", (-1, 1): "II", (-1, -1): "III", (1, -1): "IV"}[np.sign(x1), np.sign(x2)]
        )


def test_random_data_is_learned_by_heart(tmp_path):
    code, out, err = run("train", "random", "--epochs", "60", cwd=tmp_path)
    assert (code, err) == (0, "")
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in out.splitlines() if line.startswith("epoch")]
    assert "1000-100-10" in out
    assert 1e6 < losses[0] < 1e8
    assert losses[-1] < losses[0] / 100


@pytest.mark.thorough
def test_mnist_is_learned_to_97_percent(tmp_path):
    folder = ROOT / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip("no MNIST in data/mnist")
    path = tmp_path / "digits.npz"  # in processes of their own, where the script chooses the number of threads
    code, out, err = run("train", "mnist", "--data", folder, "--hidden", "128,64", "--save", path)
    assert (code, err) == (0, "")
    last = out.splitlines()[-1]
    assert last.startswith("test accuracy: ")
    assert last.endswith("of 10000)")
    assert float(last.split()[2]) >= 97
    assert run("evaluate", path, "mnist", "--data", folder) == (0, last + "\n", "")


# ---- save and load


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_saved_network_comes_back_bit_for_bit(dtype, tmp_path):
    network, x, _ = case("leaky_relu", "binary_cross_entropy", 3, dtype)
    lesson.save(network, tmp_path / "a network")
    loaded, about = lesson.load(tmp_path / "a network")
    assert (loaded.sizes, loaded.activation, loaded.loss) == (network.sizes, network.activation, network.loss)
    assert about["classes"] is None
    for a, b in zip(network.weights + network.biases, loaded.weights + loaded.biases, strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(network.predict(x), loaded.predict(x))


def altered(path, **changes):
    """The saved file with other arrays; None removes one."""
    with np.load(path) as file:
        arrays = dict(file) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def described(path, **changes):
    with np.load(path) as file:
        altered(path, architecture=np.array(json.dumps(json.loads(str(file["architecture"])) | changes)))


BREAKAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "a flipped byte": lambda path: path.write_bytes(path.read_bytes().replace(b"W1.npy", b"W7.npy")),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"W1": 1})),
    "a plain array": lambda path: path.write_bytes(b"\x93NUMPY\x01\0v\0" + b"{" * 118),
    "a missing array": lambda path: altered(path, b2=None),
    "a wrong shape": lambda path: altered(path, W2=np.zeros((1, 4))),
    "a bias that would broadcast": lambda path: altered(path, b1=np.zeros(1)),
    "an array of objects": lambda path: altered(path, W1=np.array([{}, []], dtype=object)),
    "text for JSON": lambda path: altered(path, architecture=np.array("{")),
    "other sizes": lambda path: described(path, sizes=[2, 10**9, 1]),
    "one size": lambda path: described(path, sizes=[2]),
    "an unknown activation": lambda path: described(path, activation="swish"),
    "too few classes": lambda path: described(
        path, about={"features": ["a", "b"], "target": "y", "classes": ["0"]}
    ),
    "too few names": lambda path: described(path, about={"features": ["a"], "target": "y", "classes": None}),
    "no names": lambda path: described(path, about=None),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
@pytest.mark.parametrize("command", ["info", "predict"])
def test_a_broken_file_is_one_line(breakage, command, saved, capsys):
    BREAKAGES[breakage](saved)
    assert lesson.main([command, str(saved), *(["xor"] if command == "predict" else [])]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "cannot be loaded as a network of this script" in err


def test_loading_runs_no_code(saved, tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    altered(saved, W1=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match="cannot be loaded"):
        lesson.load(saved)
    assert not (tmp_path / "sprung").exists()


# ---- data


def test_a_csv_with_a_text_target_is_classified_and_predicted(iris, tmp_path, capsys):
    path = str(tmp_path / "iris.npz")
    assert lesson.main(["train", iris, "--save", path]) == 0
    out = capsys.readouterr().out
    assert "network 3-32-3, relu, cross_entropy" in out
    assert out.endswith("test accuracy: 100.00 % (12 of 12)\n")  # a fifth of the 60 rows is held out
    assert lesson.main(["evaluate", path, iris]) == 0
    assert capsys.readouterr().out == "test accuracy: 100.00 % (60 of 60)\n"
    new = write(tmp_path / "new.csv", "note,same,width,length\n1,7,20000,11\n2,7,0,5\n")  # other order, no target
    assert lesson.main(["predict", path, new]) == 0
    assert capsys.readouterr().out == "virginica\nsetosa\n"


def test_a_csv_with_a_target_of_many_numbers_is_a_regression_in_its_own_units(houses, tmp_path, capsys):
    path = str(tmp_path / "houses.npz")
    assert lesson.main(["train", houses, "--target", "price", "--save", path]) == 0
    out = capsys.readouterr().out
    assert "network 2-32-1, relu, squared_error_mean" in out
    error, spread = (float(text.strip(")")) for text in (out.split()[-6], out.split()[-1]))
    assert error < spread / 10
    new = write(tmp_path / "new.csv", "area,year\n100,1950\n")
    assert lesson.main(["predict", path, new]) == 0
    assert float(capsys.readouterr().out) == pytest.approx(205_000, rel=0.05)


def test_few_numbers_are_classes_unless_a_squared_error_is_asked_for(tmp_path, capsys):
    path = write(tmp_path / "stars.csv", "x,stars\n" + "".join(f"{i},{i % 4}\n" for i in range(40)))
    assert lesson.main(["train", path, "--epochs", "1"]) == 0
    assert "1-32-4, relu, cross_entropy" in capsys.readouterr().out
    assert lesson.main(["train", path, "--epochs", "1", "--loss", "squared_error_mean"]) == 0
    assert "1-32-1, relu, squared_error_mean" in capsys.readouterr().out


def test_the_saved_network_reads_raw_inputs_as_the_trained_one_read_standardized_ones(iris, tmp_path, monkeypatch):
    trained = []
    fit = lesson.Network.fit

    def remember(self, x, *args):
        history = fit(self, x, *args)
        trained.append((x, self.predict(x)))
        return history

    monkeypatch.setattr(lesson.Network, "fit", remember)
    assert lesson.main(["train", iris, "--save", str(tmp_path / "n.npz")]) == 0
    x, expected = trained[0]
    np.testing.assert_allclose(x[:, :2].mean(axis=0), 0, atol=1e-13)  # the training rows' own statistics
    np.testing.assert_allclose(x[:, :2].std(axis=0), 1, rtol=1e-13)
    assert not x[:, 2].any()  # the constant column
    raw, *_ = lesson.csv_data(iris)
    network, _ = lesson.load(tmp_path / "n.npz")
    found = network.predict(raw)
    for row in expected:
        assert np.abs(found - row).max(axis=1).min() < 1e-10


@pytest.mark.parametrize(
    ("text", "argv", "code", "message"),
    [
        ("a,b\n1,x\n2\n3,y\n4,x\n5,y\n", [], 1, "expected numbers, or classes"),
        ("a,b\n1,2,3\n", [], 1, "no longer than the header"),
        ("a,a\n1,2\n", [], 1, "header of different names"),
        ("", [], 1, "header"),
        ("a,b\n", [], 1, "header"),
        ("a,b\nx,1\ny,2\n", [], 1, "row 1: expected numbers as a"),
        ("a,b\n1,1.5\n,2.5\n", [], 1, "row 2"),
        ("a,b\n1,1.5\nnan,2.5\n", [], 1, "finite"),
        ("a,b\n1e999,1.5\n1,2.5\n", [], 1, "finite"),
        ("a,b\n1,u\n2,u\n", [], 1, "classes"),
        ("a,b\n" + "".join(f"{i},{i}\n" for i in range(30)) + "1,n/a\n", [], 1, "expected numbers, or classes"),
        ("b\n1.5\n2.5\n", [], 1, "expected sizes of 1 or more"),
        ("a,b\n1,1.5\n2,2.5\n", ["--target", "c"], 2, "--target: expected one of a, b; got 'c'"),
        ("a,b\n1,1.5\n2,2.5\n", ["--loss", "binary_cross_entropy"], 1, "from 0 to 1"),
        ('a,b\n1,"' + "x" * 200_000 + '"\n', [], 1, "field larger"),
        ("a\0b\xff\n\0", [], 1, "csv"),
    ],
)
def test_a_bad_csv_is_one_line(text, argv, code, message, tmp_path, capsys):
    path = write(tmp_path / "bad.csv", text)
    assert lesson.main(["train", path, *argv]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message in err


def test_predictions_need_the_columns_of_the_training(iris, houses, tmp_path, capsys):
    path = str(tmp_path / "iris.npz")
    assert lesson.main(["train", iris, "--epochs", "1", "--save", path]) == 0
    strange = write(tmp_path / "strange.csv", "length,width,same,species\n1,2,3,tulip\n")
    capsys.readouterr()
    for argv, message in {
        ("predict", houses): "length",
        ("evaluate", strange): "tulip",
        ("evaluate", "xor"): "classes",
    }.items():
        assert lesson.main([argv[0], path, argv[1]]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert message in err


def idx(values):
    values = np.asarray(values, np.uint8)
    return b"\0\0\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@pytest.fixture
def digits(tmp_path):
    """A folder as MNIST's, with 4 x 4 images whose brightest row tells the digit; two files gzipped, two plain."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 200), ("t10k", 50)):
        labels = rng.integers(0, 4, n)
        images = rng.integers(0, 100, (n, 4, 4))
        images[np.arange(n), labels] += 150
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images), mtime=0))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path


def test_idx_files_are_read_plain_and_gzipped_and_learned(digits, capsys):
    x, y, _ = lesson.mnist(digits, "t10k")
    assert x.shape == (50, 16)
    np.testing.assert_array_equal(x.reshape(50, 4, 4).sum(axis=2).argmax(axis=1), y)
    path = str(digits / "digits.npz")
    assert lesson.main(["train", "mnist", "--data", str(digits), "--hidden", "8", "--save", path]) == 0
    out = capsys.readouterr().out
    assert "network 16-8-10, relu, cross_entropy, float32" in out
    assert out.endswith("test accuracy: 100.00 % (50 of 50)\n")
    assert lesson.main(["evaluate", path, "mnist", "--data", str(digits)]) == 0
    assert capsys.readouterr().out == "test accuracy: 100.00 % (50 of 50)\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(np.zeros((200, 4, 4))), mtime=0)[:-9]),
        ("train-images-idx3-ubyte.gz", idx(np.zeros((200, 4, 4)))[:-1]),
        ("train-images-idx3-ubyte.gz", idx(np.zeros((200, 4, 4))) + b"\0"),
        ("train-images-idx3-ubyte.gz", idx(np.zeros((199, 4, 4)))),
        ("train-images-idx3-ubyte.gz", b""),
        ("train-images-idx3-ubyte.gz", b"\0\0\x0d\x03" + bytes(12)),
        ("train-labels-idx1-ubyte", idx(np.full(200, 10))),
        ("train-labels-idx1-ubyte", b"\0\0\x08"),
        ("train-labels-idx1-ubyte", b"<html>not found</html>"),
    ],
)
def test_a_bad_idx_file_is_one_line_that_names_it(name, content, digits, capsys):
    (digits / name).write_bytes(content)
    assert lesson.main(["train", "mnist", "--data", str(digits), "--epochs", "1"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(digits) in err


# ---- the command line


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("", 2, "COMMAND"),
        ("trian xor", 2, "'train'"),
        ("train", 2, "dataset"),
        ("train nope", 2, "expected and, or, xor, quadrants, random, mnist or a CSV file; got 'nope'"),
        ("train xor --hidden 4,x", 2, "4,x"),
        ("train xor --hidden=-3", 2, "--hidden: expected 0 or more"),
        ("train xor --activation swish", 2, "swish"),
        ("train xor --epochs 1.5", 2, "--epochs"),
        ("train xor --epochs=-1", 2, "--epochs: expected 0 or more"),
        ("train xor --batch=-1", 2, "--batch: expected 0 or more"),
        ("train xor --learning-rate nan", 2, "--learning-rate: expected 0 or more"),
        ("train xor --learning-rate=-1", 2, "--learning-rate: expected 0 or more"),
        ("train xor --seed=-1", 2, "--seed: expected 0 or more"),
        ("train xor --fast", 2, "--fast"),
        ("train xor --save nowhere/x.npz", 2, "folder that exists"),
        ("train xor --learning-rate 1e300 --loss squared_error_sum", 1, "diverged in epoch 2, step 1"),
        ("train mnist --data nowhere", 1, "train-images-idx3-ubyte"),
        ("train xor --hidden 1000000000000000", 1, ""),
        ("evaluate nope.npz xor", 1, "nope.npz"),
        ("info", 2, "network"),
        ("gradcheck --loss mse", 2, "mse"),
        ("benchmark --batch 0", 1, "expected rows"),
    ],
)
def test_bad_input_is_one_line_and_the_right_exit_code(argv, code, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        found = lesson.main(argv.split())
    except SystemExit as stop:
        found = stop.code
    err = capsys.readouterr().err
    assert found == code
    assert err.count("\n") == 1
    assert message in err
    assert err.startswith("numpy_network: ")


def test_in_a_process_of_its_own_a_failure_is_one_line_too(tmp_path):
    assert run("train", "nope", cwd=tmp_path)[::2] == (
        2,
        "numpy_network: expected and, or, xor, quadrants, random, mnist or a CSV file; got 'nope'\n",
    )
    code, _, err = run("train", "xor", "--learning-rate", "1e300", "--loss", "squared_error_sum", cwd=tmp_path)
    assert code == 1
    assert err.count("\n") == 1


def test_ctrl_c_exits_with_130_and_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-u", SCRIPT, "train", "xor", "--epochs", "100000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
    ) as process:
        try:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err.count("\n") == 1


def test_a_reader_who_has_seen_enough_gets_no_traceback(saved):
    with subprocess.Popen(
        [sys.executable, SCRIPT, "predict", saved, "xor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (0, "")


def test_gradcheck_covers_every_activation_and_loss_and_fails_on_a_wrong_one(capsys, monkeypatch):
    assert lesson.main(["gradcheck", "--hidden", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == list(product(lesson.ACTIVATIONS, lesson.LOSSES))
    forward, _ = lesson.ACTIVATIONS["tanh"]
    monkeypatch.setitem(lesson.ACTIVATIONS, "tanh", (forward, lambda da, z, a: da))
    assert lesson.main(["gradcheck", "--hidden", "3"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_benchmark_prints_a_step_its_products_and_their_ratio(capsys):
    assert lesson.main(["benchmark", "--hidden", "16", "--batch", "16", "--dtype", "float64"]) == 0
    network, line = capsys.readouterr().out.splitlines()
    assert network.startswith("network 784-16-10, relu, cross_entropy, float64")
    step, products, ratio = (float(word) for word in line.replace(",", "").split() if word[0].isdigit())
    assert step > 0
    assert products > 0
    assert 0.5 < ratio < 100
