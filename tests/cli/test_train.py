"""``chainrule train``: what it prints and writes, and that every option arrives."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.datasets import DATASETS

LINE = re.compile(r"(test|validation|training) accuracy: (\d+\.\d\d) % \((\d+) of (\d+)\)")


def one_document(text):
    """The JSON document that the text is, read as strictly as other programs do."""

    def no(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=no)


def config_of(path):
    return tomllib.loads(Path(path, "config.toml").read_text())


# The accuracy that training reaches at least with no option at all. Blobs of the default seed lie so that the
# nearest true center is right for 74 % of the test rows; no network does better.
REACHED = {
    "and": 100,
    "or": 100,
    "xor": 100,
    "quadrants": 100,
    "moons": 95,
    "circles": 95,
    "spirals": 95,
    "blobs": 70,
}


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in ("mnist", "random")])
def test_zero_options_learn_a_data_set(done, name):
    found = LINE.fullmatch(done("train", name, "--quiet").strip())
    assert float(found[2]) >= REACHED.get(name, 90)


def test_zero_options_memorize_what_is_random(done):
    assert done("train", "random", "--quiet").startswith("training R2: 1.0000 (squared error ")


@pytest.mark.parametrize("target", ["kind", "city", "price"])
def test_a_target_is_the_only_option_that_a_table_needs(done, houses, target):
    out = done("train", houses, "--target", target, "--quiet")
    assert out.startswith("validation R2: 0.9" if target == "price" else "validation accuracy: ")


def test_the_last_line_is_the_result_in_the_form_of_the_documentation(done):
    found = LINE.fullmatch(done("train", "moons:n=300", "--epochs", "2").splitlines()[-1])
    part, percent, correct, rows = found.groups()
    assert (part, rows) == ("test", "300")
    assert percent == f"{100 * int(correct) / 300:.2f}"


def test_the_resolved_configuration_is_printed_first_as_it_is_written(done):
    out = done("train", "moons:n=100", "--epochs", "2", "--hidden", "5", "--run-dir", "run")
    head = out.split("\n\n")[0]
    assert tomllib.loads(head) == config_of("run")
    assert tomllib.loads(head)["learning_rate"] == 0.005


def test_the_output_shows_network_data_epochs_classes_and_where_the_run_lies(done):
    out = done("train", "moons:n=100", "--epochs", "3", "--validation", "0.2")
    assert re.search(r"^0 +dense +2 -> 64 +192 ", out, re.MULTILINE)
    assert "80 rows to train on, 20 to validate, 100 to test; 2 features, 2 classes" in out
    assert re.search(r"^epoch +loss +train accuracy +val. loss +val. accuracy +learning rate", out, re.MULTILINE)
    assert re.findall(r"^ +(\d) +\d", out, re.MULTILINE) == ["1", "2", "3"]
    assert re.search(r"^trained in \d+\.\d\d s: 3 epochs, 9 steps$", out, re.MULTILINE)
    assert re.search(r"^0 +\d+\.\d\d % +\d+ +50$", out, re.MULTILINE)
    run = re.search(r"^run: (runs/\d{4}-\d\d-\d\d-moons-1)$", out, re.MULTILINE)[1]
    assert sorted(path.name for path in Path(run).iterdir()) == [
        "checkpoints", "config.toml", "environment.json", "metrics.jsonl", "model.safetensors",
    ]  # fmt: skip


def test_what_the_target_was_taken_for_is_printed_with_the_way_to_overrule_it(done, houses):
    out = done("train", houses, "--target", "kind", "--epochs", "1")
    assert "target kind: 2 classes (it holds text; --task regression overrules)" in out
    out = done("train", houses, "--target", "price", "--epochs", "1", "--ignore", "kind,city")
    assert (
        "target price: a quantity (60 different numbers; --task classification overrules); without kind, city"
        in out
    )


def test_a_long_training_shows_about_twenty_epochs_and_the_last(done):
    out = done("train", "xor", "--epochs", "97")
    shown = [int(n) for n in re.findall(r"^ +(\d+)  +\d", out.partition("epoch  ")[2], re.MULTILINE)]
    assert shown[0] == 1
    assert shown[-1] == 97
    assert 15 <= len(shown) <= 25
    assert len(Path(re.search("run: (.*)", out)[1], "metrics.jsonl").read_text().splitlines()) == 97


def test_quiet_prints_the_result_alone(done):
    for flag in ("--quiet", "-q"):
        assert LINE.fullmatch(done("train", "moons:n=50", "--epochs", "1", flag)[:-1])


def test_json_prints_one_document_with_what_the_files_say(done):
    out = done("train", "moons:n=100", "--epochs", "3", "--json", "--run-dir", "run")
    found = one_document(out)
    assert found["run"] == "run"
    assert found["config"] == config_of("run")
    assert found["history"] == [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert found["stopped"] is None
    assert found["seconds"] == sum(row["seconds"] for row in found["history"])
    assert found["result"]["part"] == "test"
    assert found["result"]["rows"] == 100
    assert found["result"]["correct"] == sum(c["correct"] for c in found["result"]["classes"])
    rows, engine = found["data"]
    assert rows == "100 rows to train on, 100 to test; 2 features, 2 classes"
    assert re.fullmatch(r"engine (numpy|fused) \(.+\); BLAS with .+", engine)


def test_json_of_a_class_without_rows_is_json_too(done):
    found = one_document(done("train", "blobs:classes=9,n=5", "--epochs", "1", "--json"))
    assert [c["accuracy"] for c in found["result"]["classes"] if not c["rows"]] == [None] * 4


@pytest.mark.parametrize("rest", [[], ["--quiet"], ["--json"]])
def test_a_dry_run_shows_the_configuration_and_writes_nothing(chainrule, rest):
    found = chainrule("train", "moons:n=100", "--epochs", "1000", "--dry-run", "--run-dir", "run", *rest)
    assert found.code == 0
    assert list(Path().iterdir()) == []
    if rest == ["--json"]:
        assert one_document(found.out)["config"]["epochs"] == 1000
    else:
        assert found.err == ""
        assert "epochs = 1000\n" in found.out
        assert re.search(r"^ +total +2,338 ", found.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--hidden 7,3", {"hidden": [7, 3]}),
        ("--hidden 7", {"hidden": [7]}),
        ("--hidden=", {"hidden": []}),
        ("--hidden none", {"hidden": []}),
        ("--activation leaky_relu:slope=0.2", {"activation": "leaky_relu:slope=0.2"}),
        ("--initializer xavier", {"initializer": "xavier"}),
        ("--loss binary_cross_entropy", {"loss": "binary_cross_entropy"}),
        ("--optimizer sgd:momentum=0.9,nesterov=true", {"optimizer": "sgd:momentum=0.9,nesterov=true", "learning_rate": 0.05}),
        ("--optimizer sgd:learning_rate=0.3", {"optimizer": "sgd", "learning_rate": 0.3}),
        ("--learning-rate 0.25", {"learning_rate": 0.25}),
        ("--schedule constant", {"schedule": "constant"}),
        ("--batch-size 5", {"batch_size": 5}),
        ("--batch-size full", {"batch_size": "full"}),
        ("--batch-size 1", {"batch_size": 1}),
        ("--epochs 2", {"epochs": 2}),
        ("--validation 0.5", {"validation": 0.5}),
        ("--validation 0", {"validation": 0.0}),
        ("--scale none", {"scale": "none"}),
        ("--dtype float64", {"dtype": "float64"}),
        ("--seed 7", {"seed": 7}),
        ("--seed 123456789012345678901234567890", {"seed": 123456789012345678901234567890}),
        ("--ignore city,price", {"ignore": ["city", "price"]}),
        ("--task classification", {"task": "classification"}),
    ],
)  # fmt: skip
def test_every_option_arrives_in_the_configuration(done, houses, options, expected):
    epochs = [] if "--epochs" in options else ["--epochs", "1"]
    done("train", houses, "--target", "kind", *epochs, *options.split(), "--run-dir", "run", "-q")
    found = config_of("run")
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(("option", "value"), [("--scale-target", True), ("--no-scale-target", False)])
def test_the_target_of_a_regression_is_scaled_or_not_as_told(done, houses, option, value):
    done("train", houses, "--target", "price", "--epochs", "1", option, "--run-dir", "run", "-q")
    assert config_of("run")["scale_target"] is value
    assert (cr.load("run/model.safetensors").target.scale == (1.0,)) is not value


def test_the_task_is_overruled_by_the_option(done, houses):
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    assert "accuracy" in done("train", "t.csv", "--target", "y", "--epochs", "1", "-q")
    assert "R2" in done("train", "t.csv", "--target", "y", "--epochs", "1", "-q", "--task", "regression")


def test_arrays_are_trained_on_with_texts_as_classes(done, rng):
    X = rng.normal(size=(200, 3))
    np.save("X.npy", X)
    np.save("y.npy", np.where(X[:, 0] > 0, "up", "down"))
    out = done("train", "X.npy", "--target", "y.npy", "--run-dir", "run")
    assert float(LINE.fullmatch(out.splitlines()[-1])[2]) > 85
    assert cr.load("run/model.safetensors").target.names == ("down", "up")


# -- again from the configuration -----------------------------------------------------------------------------


def test_the_config_of_a_run_repeats_it_bit_for_bit(done, houses):
    options = ["--target", "kind", "--epochs", "3", "--seed", "5", "--optimizer", "sgd:momentum=0.5"]
    done("train", houses, *options, "--run-dir", "first", "-q")
    done("train", "--config", "first/config.toml", "--run-dir", "second", "-q")
    done("train", houses, *options, "--run-dir", "third", "-q")
    first = Path("first/model.safetensors").read_bytes()
    assert Path("second/model.safetensors").read_bytes() == first
    assert Path("third/model.safetensors").read_bytes() == first
    assert Path("second/config.toml").read_bytes() == Path("first/config.toml").read_bytes()


def test_options_beside_a_config_win(done):
    done("train", "moons:n=100", "--epochs", "3", "--hidden", "5", "--run-dir", "first", "-q")
    done("train", "--config", "first/config.toml", "--epochs", "2", "--run-dir", "second", "-q")
    assert config_of("second") == {**config_of("first"), "epochs": 2}
    done("train", "circles:n=50", "--config", "first/config.toml", "--batch-size", "9", "--run-dir", "third", "-q")
    assert config_of("third") == {**config_of("first"), "source": "circles:n=50", "batch_size": 9}


def test_another_optimizer_beside_a_config_does_not_keep_the_rate_of_the_first(done):
    done("train", "moons:n=100", "--epochs", "1", "--run-dir", "adam", "-q")
    done("train", "--config", "adam/config.toml", "--optimizer", "sgd", "--run-dir", "sgd", "-q")
    done("train", "moons:n=100", "--epochs", "1", "--optimizer", "sgd", "--run-dir", "fresh", "-q")
    assert config_of("sgd") == config_of("fresh")
    done(
        "train", "--config", "adam/config.toml", "--optimizer", "sgd:learning_rate=0.3", "--run-dir", "told", "-q"
    )
    assert config_of("told")["learning_rate"] == 0.3


def test_runs_without_a_directory_get_a_fresh_one_each(done):
    found = [re.search("run: (.*)", done("train", "xor", "--epochs", "1"))[1] for _ in range(3)]
    assert len(set(found)) == 3


# -- what must not be printed ---------------------------------------------------------------------------------


def test_nothing_but_text_is_printed_where_no_terminal_is(chainrule):
    found = chainrule("train", "moons:n=2000", "--epochs", "3")
    assert found.err == ""
    assert "\x1b" not in found.out
    assert "\r" not in found.out


def test_control_characters_in_names_of_classes_and_columns_are_not_printed(chainrule):
    lines = [f'{i},"\x1b[31m{"red" if i % 2 else "blue"}\x07\x9b"' for i in range(40)]
    Path("t.csv").write_text("\n".join(['a,"y\x1b[2J"', *lines]) + "\n")
    found = chainrule("train", "t.csv", "--target", "y\x1b[2J", "--epochs", "1", "--run-dir", "run")
    assert found.code == 0
    assert "?[31mblue" in found.out
    for words in ([], ["--json"]):
        found = chainrule("evaluate", "run", "t.csv", *words)
        assert all(c == "\n" or c.isprintable() for c in found.out + found.err)
        found = chainrule("inspect", "run", *words)
        assert all(c == "\n" or c.isprintable() for c in found.out + found.err)


def test_a_long_name_of_a_class_is_cut(done):
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{'x' * 500}{i % 2}\n" for i in range(40)))
    out = done("train", "t.csv", "--target", "y", "--epochs", "1")
    assert max(map(len, out.splitlines())) < 300


# -- how it trains ------------------------------------------------------------------------------------------


def history(path):
    return [json.loads(line) for line in Path(path, "metrics.jsonl").read_text().splitlines()]


def test_early_stopping_metrics_and_penalties_show_in_the_table_and_the_run_repeats(done):
    options = ["--validation", "0.2", "--early-stopping", "f1:patience=2", "--metric", "f1", "--epochs", "60"]
    out = done(
        "train",
        "moons:n=100",
        *options,
        "--regularize",
        "l2:strength=0.01",
        "--regularize",
        "clip_norm",
        "--run-dir",
        "a",
    )
    assert re.search(
        r"^epoch +loss +penalty +train accuracy +f1 +val. loss +val. accuracy +val. f1", out, re.MULTILINE
    )
    assert re.search(r"stopped early by early_stopping: validation_f1 was best in epoch \d+$", out, re.MULTILINE)
    assert len(history("a")) < 60
    done("train", "--config", "a/config.toml", "--run-dir", "b")
    assert Path("a/model.safetensors").read_bytes() == Path("b/model.safetensors").read_bytes()


def test_a_column_of_weights_is_no_feature_and_weighs_the_rows(done, houses):
    table = Path(houses).read_text().splitlines()
    Path("twice.csv").write_text(
        "\n".join([table[0] + ",times", *(f"{line},{i // 3 % 3}" for i, line in enumerate(table[1:]))])
    )
    repeated = [line for i, line in enumerate(table[1:]) for _ in range(i // 3 % 3)]
    Path("more.csv").write_text("\n".join([table[0], *repeated]))
    options = ["--target", "kind", "--validation", "0", "--scale", "none", "--batch-size", "full", "--epochs", "2"]
    done("train", "twice.csv", *options, "--weight-column", "times", "--run-dir", "a", "--dtype", "float64")
    done("train", "more.csv", *options, "--run-dir", "b", "--dtype", "float64")
    assert cr.load("a/model.safetensors").preprocessing == cr.load("b/model.safetensors").preprocessing
    assert [row["loss"] for row in history("a")] == pytest.approx([row["loss"] for row in history("b")], rel=1e-9)


def test_class_weights_by_name_lift_the_class_that_is_named(done, houses):
    found = {}
    for weight in ("flat=20,house=1", "flat=1,house=20"):
        out = done(
            "train",
            houses,
            "--target",
            "kind",
            "--epochs",
            "3",
            "--class-weight",
            weight,
            "--json",
            "--ignore",
            "size",
        )
        found[weight] = [c["correct"] / c["rows"] for c in one_document(out)["result"]["classes"]]
    flat, house = found.values()
    assert flat[0] >= house[0]
    assert flat[1] <= house[1]
    assert flat != house


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--class-weight", "even"], 'a class weight is "balanced" or NAME=NUMBER'),
        (["--class-weight", "2=3"], "class_weight names '2', which is no class"),
        (["--regularize", "l3"], "unknown regularizer 'l3'"),
        (["--regularize", "l2:strengh=1"], "l2 has no setting 'strengh'. Did you mean 'strength'"),
        (["--early-stopping", "loss:patience=0"], "early_stopping: patience"),
        (["--time-limit", "0"], "time_limit: seconds"),
        (["--metric", "r2"], "the metric r2 is for values"),
        (["--weight-column", "age"], "--weight-column is for files"),
    ],
)
def test_options_of_training_that_make_no_sense_are_usage_errors(fails, words, says):
    fails(2, says, "train", "moons:n=50", *words, "--dry-run")


def test_layers_may_have_rates_of_their_own_and_batches_come_in_parts(done, fails):
    options = ["--learning-rates", "0=0,2.bias=0.5", "--accumulate", "2", "--batch-size", "20", "--epochs", "2"]
    done("train", "moons:n=100", "--hidden", "4", *options, "--run-dir", "a")
    done("train", "moons:n=100", "--hidden", "4", "--epochs", "2", "--learning-rate", "0", "--run-dir", "still")
    trained, still = cr.load("a/model.safetensors"), cr.load("still/model.safetensors")
    assert np.array_equal(trained.params["0.weight"], still.params["0.weight"])
    assert not np.array_equal(trained.params["2.weight"], still.params["2.weight"])
    assert trained.training["steps"] == 6
    assert trained.training["accumulate"] == 2
    done("train", "--config", "a/config.toml", "--run-dir", "b")
    assert Path("a/model.safetensors").read_bytes() == Path("b/model.safetensors").read_bytes()
    fails(2, "learning_rates names '7'", "train", "moons:n=50", "--learning-rates", "7=1", "--dry-run")
    fails(
        2, "learning_rates: '0' is a finite number", "train", "moons:n=50", "--learning-rates", "0=x", "--dry-run"
    )
    fails(2, "accumulate is a whole number", "train", "moons:n=50", "--accumulate", "0", "--dry-run")


def test_lbfgs_takes_all_rows_and_no_schedule(done, tmp_path):
    pytest.importorskip("scipy")
    out = done(
        "train", "moons:n=60", "--optimizer", "lbfgs:memory=5", "--run-dir", str(tmp_path / "run"), "--quiet"
    )
    assert "accuracy" in out
    config = (tmp_path / "run" / "config.toml").read_text()
    assert 'batch_size = "full"' in config
    assert 'schedule = "constant"' in config
