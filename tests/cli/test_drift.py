"""``doctor MODEL NEW_DATA``, and the summary that ``train`` leaves for it."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors

import chainrule as cr
from chainrule.cli.commands.doctor import NOT_OURS
from chainrule.core.strict_toml import read_toml
from chainrule.diagnosis.drifts import DRIFTS
from chainrule.runs import RunConfig
from tests.cli.conftest import write_houses


def write(path, rows, seed=0, first=100.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2)) * [1, 5] + [first, 0]
    lines = [f"{a:.4f},{b:.4f},{'yes' if a + b > first else 'no'}" for a, b in X]
    path.write_text("\n".join(["a,b,answer", *lines]) + "\n", encoding="utf-8")


@pytest.fixture
def model(done, tmp_path):
    """Trained on 300 rows; new.csv holds others like them, far.csv others that are not."""
    for name, rows, seed, first in (("rows", 300, 0, 100), ("new", 200, 1, 100), ("far", 200, 2, 103)):
        write(tmp_path / f"{name}.csv", rows, seed, first)
    done("train", "rows.csv", "--target", "answer", "--epochs", 1, "--run-dir", "run", "--quiet")
    return "run"


def test_new_rows_like_those_of_training_are_no_drift(chainrule, model):
    found = chainrule("doctor", model, "new.csv")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("Nothing wrong was found.\n200 new rows beside a summary of 240 training rows")


def test_rows_that_drifted_are_named_and_decide_the_exit_code(chainrule, model):
    found = chainrule("doctor", f"{model}/model.safetensors", "far.csv")
    assert found.code == 1
    assert "WARN  shifted-features" in found.out
    assert "a (PSI" in found.out
    assert chainrule("doctor", model, "far.csv", "--fail-on", "error").code == 0
    assert chainrule("doctor", model, "far.csv", "--fail-on", "never").code == 0


def test_the_documents_hold_every_feature_and_finding(chainrule, model):
    found = chainrule("doctor", model, "far.csv", "--json", "--sarif", "f.sarif", "--fail-on", "never")
    said = json.loads(found.out)
    assert [one["name"] for one in said["drift"]["features"]] == ["a", "b"]
    assert said["findings"][0]["fault"] == "DATA_DRIFT"
    with Path("f.sarif").open(encoding="utf-8") as file:
        run = json.load(file)["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == [f["rule"] for f in said["findings"]]
    assert run["tool"]["driver"]["rules"][0]["help"]["text"]


def test_equal_trainings_give_equal_files_and_without_a_summary_none_is_kept(done, fails, model, tmp_path):
    for name, more in (("again", ()), ("bare", ("--no-summary",))):
        done("train", "rows.csv", "--target", "answer", "--epochs", 1, "--run-dir", name, "--quiet", *more)
    run, again, bare = ((tmp_path / name / "model.safetensors") for name in ("run", "again", "bare"))
    assert run.read_bytes() == again.read_bytes()
    assert "summary" in cr.load(run).training
    assert "summary" not in cr.load(bare).training
    assert cr.load(run).training.items() >= cr.load(bare).training.items()
    assert read_toml((tmp_path / "bare" / "config.toml").read_text(), "")["summary"] is False
    fails((1, 2), "no summary of its training data", "doctor", "bare", "new.csv")


def test_inspect_says_that_there_is_a_summary_and_not_what_it_holds(done, model):
    assert "summary        240 rows, 2 columns" in done("inspect", model)
    assert json.loads(done("inspect", model, "--json"))["training"]["summary"] == "240 rows, 2 columns"
    with safetensors.safe_open("run/model.safetensors", "numpy") as file:
        assert len(file.metadata()["chainrule"]) < 3000


def test_a_report_repeats_the_command_with_the_refusal():
    from chainrule.report.command import repeat

    assert "--no-summary" in repeat(RunConfig("iris", summary=False), ".")
    assert "summary" not in repeat(RunConfig("iris"), ".")
    assert "summary" in NOT_OURS


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--target", "answer"), "trains nothing, so it doesn't take --target"),
        (("--epochs", 3, "--apply", "x.toml"), "--epochs, --apply"),
    ],
)
def test_options_that_mean_nothing_here_are_refused(fails, model, words, says):
    fails(2, says, "doctor", model, "new.csv", *words)


def test_other_data_and_files_of_nonsense_are_one_line(fails, model, tmp_path):
    write_houses(tmp_path / "houses.csv")
    np.save(tmp_path / "x.npy", np.zeros((200, 2)))
    fails((1, 2), "takes a table with the columns a, b", "doctor", model, "x.npy")
    fails((1, 2), "there is no file nowhere.csv", "doctor", model, "nowhere.csv")
    network = cr.load(tmp_path / "run" / "model.safetensors")
    network.training["summary"] = {"rows": [[[]]], "\x1b[31m": 1}
    network.save(tmp_path / "odd.safetensors")
    fails(
        (1, 2), "summary of the training data in this model can't be used", "doctor", "odd.safetensors", "new.csv"
    )


def test_inspect_of_a_summary_of_nonsense_is_no_hindrance(done, model, tmp_path):
    network = cr.load(tmp_path / "run" / "model.safetensors")
    for odd in (3, [], {"rows": True, "counts": 2}, {"rows": 3}):
        network.training["summary"] = odd
        network.save(tmp_path / "odd.safetensors")
        assert "summary        none that can be read" in done("inspect", "odd.safetensors")


def test_a_table_of_other_columns_is_a_finding(chainrule, model, tmp_path):
    write_houses(tmp_path / "houses.csv")
    found = chainrule("doctor", model, "houses.csv")
    assert (found.code, found.err) == (1, "")
    assert "2 columns that the model takes are not there: a, b" in found.out


@pytest.mark.parametrize("name", DRIFTS)
def test_explain_knows_every_rule_of_drift(done, name):
    assert "What to try" in done("explain", name)
    assert name in done("explain")
