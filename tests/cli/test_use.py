"""``chainrule evaluate``, ``predict`` and ``inspect``: a trained model in use."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.readers import read
from chainrule.targets import Classes


def one_document(text):
    def no(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=no)


def parsed(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


# -- evaluate -------------------------------------------------------------------------------------------------


def test_evaluate_gives_what_train_reported(done):
    trained = one_document(done("train", "moons:n=200", "--epochs", "5", "--run-dir", "run", "--json"))
    found = one_document(done("evaluate", "run", "moons:n=200", "--json"))
    assert found == trained["result"]
    out = done("evaluate", "run", "moons:n=200")
    result = found
    assert out.splitlines()[-1] == (
        f"test accuracy: {100 * result['correct'] / 200:.2f} % ({result['correct']} of 200)"
    )
    assert re.search(r"^class +accuracy +correct +of$", out, re.MULTILINE)
    assert f"loss: {result['scores']['loss']:.6g}\n" in out


def test_a_run_directory_and_its_model_file_are_the_same_model(done, kinds, houses):
    assert done("evaluate", "kinds", houses) == done("evaluate", "kinds/model.safetensors", houses)


def test_quiet_prints_the_result_alone(done, kinds, prices, houses):
    for flag in ("--quiet", "-q"):
        assert re.fullmatch(r"accuracy: \d+\.\d\d % \(\d+ of 60\)\n", done("evaluate", kinds, houses, flag))
        assert re.fullmatch(
            r"R2: 0\.9\d+ \(squared error \S+, 60 rows\)\n", done("evaluate", prices, houses, flag)
        )


def test_a_part_of_a_data_set_can_be_named(done):
    done("train", "moons:n=100", "--epochs", "1", "--run-dir", "run", "-q")
    assert done("evaluate", "run", "moons:n=100", "-q").startswith("test accuracy: ")
    assert done("evaluate", "run", "moons:n=100", "-q", "--part", "test").startswith("test accuracy: ")
    assert done("evaluate", "run", "moons:n=100", "-q", "--part", "training").startswith("training accuracy: ")
    assert done("evaluate", "run", "xor", "-q").startswith("training accuracy: ")


def test_the_column_of_answers_can_have_another_name(done, kinds, prices, houses):
    text = Path(houses).read_text()
    Path("renamed.csv").write_text(text.replace("kind", "sort", 1).replace("price", "price,cost", 1))
    Path("renamed.csv").write_text(text.replace("age,city,size,kind,price", "age,city,size,sort,price"))
    expected = done("evaluate", kinds, houses, "-q")
    assert done("evaluate", kinds, "renamed.csv", "--target", "sort", "-q") == expected


def test_another_column_of_answers_is_taken_for_quantities_too(done, prices, houses):
    text = Path(houses).read_text().splitlines()
    doubled = [text[0] + ",other"] + [f"{line},{float(line.split(',')[-1]) + 1e6}" for line in text[1:]]
    Path("doubled.csv").write_text("\n".join(doubled) + "\n")
    right = one_document(done("evaluate", prices, "doubled.csv", "--json"))
    wrong = one_document(done("evaluate", prices, "doubled.csv", "--target", "other", "--json"))
    assert wrong["scores"]["squared_error"] > 1e11 > right["scores"]["squared_error"]


def test_one_row_can_be_evaluated_and_its_json_is_json(done, prices, kinds, houses):
    Path("one.csv").write_text("\n".join(Path(houses).read_text().splitlines()[:2]) + "\n")
    for model in (kinds, prices):
        assert one_document(done("evaluate", model, "one.csv", "--json"))["rows"] == 1
        assert done("evaluate", model, "one.csv")


def test_one_number_written_in_two_ways_is_one_class_here_too(done):
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{['0', '1', '1.0', '0.0'][i % 4]}\n" for i in range(40)))
    done("train", "t.csv", "--target", "y", "--epochs", "1", "--run-dir", "run", "-q")
    found = one_document(done("evaluate", "run", "t.csv", "--json"))
    assert [(c["name"], c["rows"]) for c in found["classes"]] == [("0", 20), ("1", 20)]


@pytest.mark.parametrize("dtype", ["S3", "U3", "i8", "f8", "?"])
def test_arrays_of_answers_mean_the_same_in_training_and_here(done, rng, dtype):
    X = rng.normal(size=(60, 2))
    answers = np.array(["cat", "dog"])[(X[:, 0] > 0).astype(int)] if dtype[0] in "SU" else X[:, 0] > 0
    np.save("X.npy", X)
    np.save("y.npy", answers.astype(dtype))
    words = ["--target", "y.npy", "--task", "classification"]
    done("train", "X.npy", *words, "--epochs", "60", "--run-dir", "run", "-q")
    found = one_document(done("evaluate", "run", "X.npy", "--target", "y.npy", "--json"))
    assert sorted(c["rows"] for c in found["classes"]) == sorted(np.bincount(X[:, 0] > 0))
    assert found["scores"]["accuracy"] > 0.9


def test_metrics_are_asked_for_by_name_and_come_above_the_result(done, kinds, houses):
    asked = ["--metric", "f1:average=micro", "--metric", "roc_auc", "--metric=top_k:k=1"]
    plain = one_document(done("evaluate", kinds, houses, "--json"))
    found = one_document(done("evaluate", kinds, houses, "--json", *asked))
    scores = found["scores"]
    assert list(scores) == ["loss", "accuracy", "f1:average=micro", "roc_auc", "top_k:k=1"]
    assert {name: scores[name] for name in plain["scores"]} == plain["scores"]
    assert scores["accuracy"] == scores["top_k:k=1"] == scores["f1:average=micro"] <= scores["roc_auc"] <= 1
    lines = [f"{name}: {scores[name]:.6g}" for name in ("f1:average=micro", "roc_auc", "top_k:k=1")]
    assert done("evaluate", kinds, houses, *asked).splitlines()[-4:-1] == lines
    quiet = done("evaluate", kinds, houses, "-q", *asked).splitlines()
    assert (quiet[:-1], quiet[-1:]) == (lines, done("evaluate", kinds, houses, "-q").splitlines())


def test_metrics_of_quantities_are_in_their_unit(done, prices, houses):
    scores = one_document(
        done("evaluate", prices, houses, "--json", "--metric", "absolute_error", "--metric", "squared_error")
    )["scores"]
    assert 0 < scores["absolute_error"] <= scores["squared_error"] ** 0.5
    assert scores["absolute_error"] > 100
    plain = one_document(done("evaluate", prices, houses, "--json"))["scores"]
    assert scores["squared_error"] == plain["squared_error"]


def test_a_metric_that_is_not_defined_is_no_number(done, kinds, houses):
    lines = Path(houses).read_text().splitlines()
    Path("one.csv").write_text("\n".join(lines[:2]) + "\n")
    assert "roc_auc: nan\n" in done("evaluate", kinds, "one.csv", "--metric", "roc_auc")
    found = one_document(done("evaluate", kinds, "one.csv", "--metric", "roc_auc", "--json"))
    assert found["scores"]["roc_auc"] is None


@pytest.mark.parametrize(
    ("model", "metric", "says"),
    [
        ("kinds", "roc_acu", "unknown metric 'roc_acu'. Did you mean 'roc_auc'"),
        ("kinds", "top_k:k=x", "top_k: k is a whole number, not 'x'"),
        (
            "kinds",
            "absolute_error",
            "absolute_error is for values, and cross_entropy for classes. What suits: accuracy",
        ),
        (
            "prices",
            "roc_auc",
            "roc_auc is for classes, and mean_squared_error for values. What suits: absolute_error",
        ),
        ("kinds", "confusion_matrix", "confusion_matrix is no single number"),
    ],
)
def test_a_metric_that_does_not_suit_is_one_line(fails, kinds, prices, houses, model, metric, says):
    fails(2, says, "evaluate", model, houses, "--metric", metric)


def test_the_help_of_evaluate_names_every_metric(done):
    assert set(cr.metrics.METRICS) <= set(re.findall(r"\w+", done("evaluate", "--help")))


# -- predict --------------------------------------------------------------------------------------------------


def test_predictions_of_classes_parse_back(done, kinds, houses):
    header, *rows = parsed(done("predict", kinds, houses))
    network = cr.load("kinds/model.safetensors")
    table = read(Path(houses))
    assert header == ["prediction", "p(flat)", "p(house)"]
    assert [row[0] for row in rows] == [("flat", "house")[i] for i in network.predict(table)]
    assert np.array_equal(np.array([row[1:] for row in rows], np.float32), network.predict_proba(table))


def test_predictions_of_values_parse_back(done, prices, houses):
    header, *rows = parsed(done("predict", prices, houses))
    assert header == ["price"]
    predicted = cr.load("prices/model.safetensors").predict(read(Path(houses)))
    assert np.array_equal(np.array(rows, np.float32), predicted)


def test_a_table_may_lack_the_target_and_have_its_columns_in_another_order(done, kinds, houses):
    lines = [line.split(",") for line in Path(houses).read_text().splitlines()]
    Path("new.csv").write_text("\n".join(",".join(["x", row[4], row[2], row[1], row[0]]) for row in lines) + "\n")
    assert done("predict", kinds, "new.csv") == done("predict", kinds, houses)


def test_predictions_go_into_a_file_and_nothing_to_standard_output(chainrule, done, kinds, houses):
    expected = done("predict", kinds, houses)
    Path("out.csv").write_text("before")
    for flag in ("-o", "--output"):
        found = chainrule("predict", kinds, houses, flag, "out.csv")
        assert found == (0, "", "60 predictions written to out.csv\n")
        assert Path("out.csv").read_text() == expected
    assert not list(Path().glob(".*"))


def test_predictions_as_json_are_one_document(done, kinds, prices, houses):
    header, *rows = parsed(done("predict", kinds, houses))
    found = one_document(done("predict", kinds, houses, "--json"))
    assert [list(row) for row in found] == [header] * 60
    assert [row["prediction"] for row in found] == [row[0] for row in rows]
    assert [np.float32(row["p(flat)"]) for row in found] == [np.float32(row[1]) for row in rows]
    assert list(one_document(done("predict", prices, houses, "--json"))[0]) == ["price"]


def test_json_into_a_file_is_json_or_refused(chainrule, kinds, houses):
    found = chainrule("predict", kinds, houses, "--json", "-o", "out.json")
    if found.code == 0:
        assert len(one_document(Path("out.json").read_text())) == 60
    else:
        assert found.code == 2
        assert not Path("out.json").exists()


def test_cells_that_a_spreadsheet_would_run_are_guarded(done):
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{'=1+1' if i % 2 else '@x'}\n" for i in range(40)))
    done("train", "t.csv", "--target", "y", "--epochs", "1", "--run-dir", "run", "-q")
    header, *rows = parsed(done("predict", "run", "t.csv"))
    assert {row[0] for row in rows} <= {"'=1+1", "'@x"}
    assert header == ["prediction", "p(=1+1)", "p(@x)"]


def test_arrays_and_data_sets_are_predicted_too(done, rng):
    np.save("X.npy", rng.normal(size=(50, 2)))
    done("train", "moons:n=100", "--epochs", "1", "--run-dir", "run", "-q")
    assert len(parsed(done("predict", "run", "X.npy"))) == 51
    assert len(parsed(done("predict", "run", "moons:n=30"))) == 31


# -- inspect --------------------------------------------------------------------------------------------------


def test_inspect_shows_what_the_file_holds(done, kinds):
    out = done("inspect", kinds)
    assert re.search(r"^0 +dense +6 -> 64 +448 ", out, re.MULTILINE)
    for fact in (
        "CrossEntropy",
        "classes: flat, house",
        "columns: age, city, size, price",
        "adam",
        "one_cycle",
        "seed",
    ):
        assert fact in out


def test_inspect_as_json_is_one_document_that_builds_the_parts_again(done, kinds):
    found = one_document(done("inspect", kinds, "--json"))
    assert found["parameters"] == 448 + 2080 + 66
    assert found["bytes"] == 4 * found["parameters"]
    assert found["dtype"] == "float32"
    assert found["loss"]["name"] == "cross_entropy"
    assert found["target"] == {"name": "classes", "names": ["flat", "house"], "column": "kind"}
    assert found["preprocessing"]["names"] == ["age", "city", "size", "price"]
    assert found["training"]["epochs"] == 200
    assert [row["name"] for row in found["modules"]] == ["dense", "relu", "dense", "relu", "dense"]


def test_a_network_that_was_never_trained_can_be_inspected_but_not_used(done, fails):
    cr.MLP([2, 3, 1]).save("m.safetensors")
    assert "none: the outputs have no meaning yet" in done("inspect", "m.safetensors")
    assert one_document(done("inspect", "m.safetensors", "--json"))["loss"] is None
    fails(1, "no loss or no target, so it can't be evaluated", "evaluate", "m.safetensors", "moons")
    fails(1, "its outputs have no meaning; train it first", "predict", "m.safetensors", "moons")


def test_control_characters_in_a_model_file_are_not_printed(chainrule):
    network = cr.MLP([2, 2], loss="cross_entropy", target=Classes(("\x1b[2Ja", "b\x07")))
    network.training = {"\x1b[31mkey": "\x1b[31mvalue", "optimizer": {"name": "\x9b", "\x1b": "\x07"}}
    network.save("m.safetensors")
    for words in (
        ["inspect", "m.safetensors"],
        ["inspect", "m.safetensors", "--json"],
        ["evaluate", "m.safetensors", "xor"],
    ):
        found = chainrule(*words)
        assert found.code == 0
        assert all(c == "\n" or c.isprintable() for c in found.out + found.err)


@pytest.mark.parametrize(
    "training", [{"a": [1, 2]}, {"a": None}, {"a": {}}, {"a": {"b": 1}}, {"": ""}, {"a": "x" * 10_000}]
)
def test_odd_facts_of_a_training_are_no_hindrance(done, training):
    network = cr.MLP([2, 2])
    network.training = training
    network.save("m.safetensors")
    assert max(map(len, done("inspect", "m.safetensors").splitlines())) < 400
    assert one_document(done("inspect", "m.safetensors", "--json"))["training"] == training
