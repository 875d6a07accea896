"""A whole run: what it writes, that it can be repeated bit for bit, and what is left when it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import DivergenceError
from chainrule.runs import Run, RunConfig
from chainrule.runs.directory import RunDirectory

FILES = ["config.toml", "environment.json", "metrics.jsonl", "model.safetensors"]
SOURCES = [
    {"source": "moons:n=200"},
    {"source": "xor"},
    {"source": "moons:n=100", "epochs": 4, "validation": 0.2, "class_weight": "0=1,1=3", "metrics": ("brier",),
     "early_stopping": "brier:patience=1", "regularization": ("l1", "input_noise", "mixup", "max_norm", "ema")},
    {"source": "houses.csv", "target": "kind", "weight_column": "age", "schedule": "reduce_on_plateau:patience=0"},
    {"source": "random:n=20", "epochs": 3},
    {"source": "houses.csv", "target": "kind"},
    {"source": "houses.csv", "target": "price,age", "validation": 0.3, "seed": 7},
    {"source": "houses.csv", "target": "rooms", "optimizer": "sgd:momentum=0.9", "dtype": "float64", "ignore": ("price",)},
    {"source": "houses.csv", "target": "kind", "loss": "binary_cross_entropy", "schedule": "one_cycle:warm_up=0.5"},
]  # fmt: skip


def strict(text):
    """JSON as every other program reads it: without NaN and Infinity."""

    def no(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=no)


def metrics(path):
    return [strict(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


def test_a_run_writes_four_files_and_its_checkpoints_and_nothing_beside_them(trained):
    _, _, path = trained("run", source="moons:n=100")
    assert sorted(file.name for file in path.iterdir()) == ["checkpoints", *FILES]
    assert [file.name for file in (path / "checkpoints").iterdir()] == ["last.safetensors"]


@pytest.mark.parametrize("options", SOURCES, ids=lambda options: ", ".join(map(str, options.values())))
def test_the_config_repeats_the_run_bit_for_bit(houses, trained, options):
    _, result, first = trained("first", **options)
    again = Run(RunConfig.from_toml(first / "config.toml"))
    repeated = again.train_in(RunDirectory(Path("second"), "x"))
    second = Path("second")
    assert (second / "model.safetensors").read_bytes() == (first / "model.safetensors").read_bytes()
    assert (second / "config.toml").read_bytes() == (first / "config.toml").read_bytes()
    assert repeated == result


def test_another_seed_gives_another_model(houses, trained):
    _, _, first = trained("first", source=houses, target="kind")
    _, _, second = trained("second", source=houses, target="kind", seed=1)
    assert (first / "model.safetensors").read_bytes() != (second / "model.safetensors").read_bytes()


def test_the_seed_decides_the_order_of_the_rows_too(trained):
    _, _, path = trained("run", source="moons:n=100", seed=5)
    found = {}
    for seed in (5, 0):
        run = Run(RunConfig.from_toml(path / "config.toml"))
        c = run.config
        optimizer = {"name": c.optimizer, "learning_rate": c.learning_rate}
        cr.fit(run.network, *run.train, optimizer=optimizer, schedule=c.schedule, batch_size=c.batch_size,
               epochs=c.epochs, seed=seed)  # fmt: skip
        found[seed] = run.network.params.theta
    theta = cr.load(path / "model.safetensors").params.theta
    assert np.array_equal(theta, found[5])
    assert not np.array_equal(theta, found[0])


def test_other_processes_that_hash_texts_otherwise_give_the_same_bits(houses, trained):
    _, _, first = trained("first", source="houses.csv", target="kind")
    for seed in "12":
        call = subprocess.run(
            [
                sys.executable,
                "-m",
                "chainrule",
                "train",
                "--config",
                "first/config.toml",
                "--run-dir",
                f"seed{seed}",
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
        assert call.returncode == 0, call.stderr
        assert Path(f"seed{seed}/model.safetensors").read_bytes() == (first / "model.safetensors").read_bytes()


def test_the_model_file_knows_neither_path_nor_time_nor_user(houses, trained, monkeypatch, tmp_path):
    monkeypatch.setenv("USER", "secret-user")
    monkeypatch.setenv("HOME", "/home/secret-home")
    _, _, path = trained("secret-run", source=houses, target="kind")
    data = (path / "model.safetensors").read_bytes()
    for word in ("secret", "houses", str(tmp_path), tmp_path.name, "/tmp", "202"):
        assert word.encode() not in data[: int.from_bytes(data[:8], "little") + 8]


@pytest.mark.parametrize("options", SOURCES, ids=lambda options: ", ".join(map(str, options.values())))
def test_the_model_file_is_the_network_with_its_preprocessing(houses, trained, options):
    run, result, path = trained("run", **options)
    loaded = cr.load(path / "model.safetensors")
    assert np.array_equal(loaded.params.theta, run.network.params.theta)
    assert loaded.preprocessing == run.network.preprocessing
    assert loaded.target == run.network.target
    X, y = {"validation": run.validation, "training": run.train, "test": run.data.test}[result.part]
    assert np.array_equal(loaded.predict(X), run.network.predict(X))
    assert cr.evaluate(loaded, X, y) == {k: v for k, v in result.scores.items() if k != "squared_error"}


def test_metrics_are_the_history_line_by_line(trained):
    run, _, path = trained("run", source="moons:n=100", validation=0.2, epochs=4)
    assert metrics(path) == run.history.rows
    assert [row["epoch"] for row in metrics(path)] == [1, 2, 3, 4]
    assert set(metrics(path)[0]) == {
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds", "rows_per_second",
    }  # fmt: skip


def test_metrics_are_written_as_soon_as_an_epoch_is_over(tmp_path):
    seen = []

    class Reader(cr.Callback):
        def on_epoch_end(self, trainer, row):
            seen.append(len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()))

    run = Run(RunConfig("xor", epochs=3))
    run.train_in(RunDirectory(tmp_path / "run", "xor"), [Reader()])
    assert seen == [0, 1, 2]  # the row is written when every callback has had it


def test_the_config_in_the_directory_has_every_option_decided(houses, trained):
    run, _, path = trained("run", source=houses, target="kind")
    written = RunConfig.from_toml(path / "config.toml")
    assert written == run.config
    assert written.learning_rate == 0.005
    assert written.hidden == (64, 32)


# -- environment.json ---------------------------------------------------------------------------------------


def test_the_environment_is_an_allow_list(trained):
    _, _, path = trained("run", source="xor")
    found = strict((path / "environment.json").read_text())
    assert set(found) == {
        "chainrule",
        "python",
        "implementation",
        "system",
        "machine",
        "cpus",
        "libraries",
        "blas",
    }
    assert found["chainrule"] == cr.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["libraries"]["numpy"] == np.__version__
    assert set(found["libraries"]) <= {"numpy", "safetensors", "cyclopts", "rich", "tomli-w", "threadpoolctl"}
    assert found["blas"]
    for library in found["blas"]:
        allowed = {"user_api", "internal_api", "version", "num_threads", "threading_layer", "architecture"}
        assert set(library) <= allowed
        assert library["num_threads"] >= 1


def test_nothing_in_the_directory_tells_who_and_where(houses, tmp_path, monkeypatch):
    for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME", "COMPUTERNAME"):
        monkeypatch.setenv(name, "secret-name")
    monkeypatch.setenv("HOME", "/home/secret-home")
    monkeypatch.setattr("platform.node", lambda: "secret-host")
    monkeypatch.setattr("socket.gethostname", lambda: "secret-host")
    (tmp_path / "secret-folder").mkdir()
    monkeypatch.chdir(tmp_path / "secret-folder")
    run = Run(RunConfig("../houses.csv", target="kind", epochs=1))
    run.train_in(RunDirectory(Path("run"), "x"))
    texts = b"".join(path.read_bytes() for path in Path("run").rglob("*.*"))
    for word in ("secret", str(tmp_path), sys.prefix, str(Path(np.__file__).parent)):
        assert word.encode() not in texts
    assert b"../houses.csv" in texts  # the source is kept as it was typed


# -- divergence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "step"),
    [
        ({"source": "random", "learning_rate": 1e30, "epochs": 9}, 2),
        ({"source": "random", "learning_rate": 1e-3, "epochs": 9}, 3),
        ({"source": "houses.csv", "target": "price", "learning_rate": 1e30, "optimizer": "sgd"}, 2),
    ],
)
def test_a_divergence_keeps_a_model_of_finite_weights_and_names_the_step(houses, trained, refused, options, step):
    with refused(
        DivergenceError, rf"diverged at step {step} \(.*smaller learning rate.*The model is in .*/run/model"
    ) as caught:
        trained("run", **{"schedule": "constant", **options})
    assert caught.value.step == step
    loaded = cr.load("run/model.safetensors")
    assert np.isfinite(loaded.params.theta).all()
    untrained = Run(RunConfig(**{"epochs": 2, **options})).network
    assert not np.array_equal(loaded.params.theta, untrained.params.theta)  # it holds the steps that were good


def test_the_metrics_of_a_divergence_are_json_for_every_reader(trained):
    with pytest.raises(DivergenceError):
        trained("run", source="random", learning_rate=1e30, epochs=9)
    assert [row["epoch"] for row in metrics(Path("run"))] == [1]


# -- the score ----------------------------------------------------------------------------------------------


def test_the_score_is_on_the_rows_furthest_from_training(houses, trained):
    assert trained("a", source="moons:n=50", validation=0.2)[1].part == "test"
    assert trained("b", source=houses, target="kind")[1].part == "validation"
    assert trained("c", source="xor")[1].part == "training"


def test_a_result_of_classes_counts_by_class(houses, trained):
    run, result, _ = trained("run", source=houses, target="kind", epochs=100)
    X, y = run.validation
    predicted = run.network.predict(X)
    assert result.rows == 12
    assert result.correct == np.sum(predicted == y)
    assert [(c.name, c.correct, c.rows) for c in result.classes] == [
        (name, np.sum((predicted == i) & (y == i)), np.sum(y == i)) for i, name in enumerate(("flat", "house"))
    ]
    assert result.scores["accuracy"] == result.correct / 12
    assert result.line() == f"validation accuracy: {100 * result.correct / 12:.2f} % ({result.correct} of 12)"
    assert result.correct >= 10  # it has learned where the border is


def test_a_result_of_values_is_in_the_unit_of_the_target(houses, trained):
    run, result, _ = trained("run", source=houses, target="price", epochs=100)
    X, y = run.validation
    predicted = run.network.predict(X)
    # predictions are float32 numbers of size 1e5
    assert result.scores["squared_error"] == pytest.approx(np.mean((predicted - y) ** 2), rel=1e-5)
    r2 = 1 - np.sum((predicted - y) ** 2) / np.sum((y - y.mean()) ** 2)
    assert result.scores["r2"] == pytest.approx(r2, abs=1e-5)
    assert r2 > 0.9
    assert result.line().startswith(f"validation R2: {r2:.4f} (squared error ")
    assert result.line().endswith(", 12 rows)")


def test_a_result_as_plain_values_is_json(houses, trained):
    for folder, target in (("a", "kind"), ("b", "price")):
        _, result, _ = trained(folder, source=houses, target=target)
        assert strict(json.dumps(result.plain()))["rows"] == 12
