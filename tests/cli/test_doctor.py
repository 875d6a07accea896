"""chainrule doctor, explain and doctor-benchmark, as a user runs them."""

import json

import pytest

from chainrule.cli.app import run
from chainrule.diagnosis import experiments
from chainrule.diagnosis.rules import RULES
from chainrule.runs import RunConfig

QUICK = ["circles:n=300", "--hidden", "16", "--epochs", "60", "--budget", "20"]


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "STEPS", 300)
    monkeypatch.chdir(tmp_path)


def test_a_healthy_training_exits_with_0(capsys):
    assert run(["doctor", *QUICK]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Nothing wrong was found.\nTrained 60 epochs")


def test_a_fault_is_named_with_its_figure_its_proof_and_exit_code_1(capsys):
    assert run(["doctor", *QUICK, "--activation", "identity"]) == 1
    out = capsys.readouterr().out
    assert "ERROR  no-nonlinearity" in out
    assert "Proved: relu after every hidden layer (skill 0." in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(("fail_on", "code"), [("warn", 1), ("error", 0), ("never", 0)])
def test_what_makes_it_fail_can_be_chosen(fail_on, code, capsys):
    sick = ["--learning-rate", "1e-6", "--fail-on", fail_on, "--no-prove"]
    assert run(["doctor", *QUICK, *sick]) == code
    assert "WARN  rate-too-low" in capsys.readouterr().out


def test_json_is_one_document(capsys):
    run(["doctor", *QUICK, "--activation", "identity", "--no-prove", "--json", "--regularize", "l2"])
    document = json.loads(capsys.readouterr().out)
    first = document["findings"][0]
    assert (first["rule"], first["fault"], first["severity"]) == ("no-nonlinearity", "NO_NONLINEARITY", "ERROR")
    assert (first["root"], first["confirmed"], document["left_out"]) == (True, None, ["--regularization"])
    assert document["program"]["epochs"] == 60


def test_sarif_names_rules_and_levels(tmp_path, capsys):
    path = tmp_path / "found.sarif"
    run(["doctor", *QUICK, "--activation", "identity", "--no-prove", "--sarif", str(path)])
    document = json.loads(path.read_text(encoding="utf-8"))
    (only,) = document["runs"]
    result = only["results"][0]
    assert document["version"] == "2.1.0"
    assert (result["ruleId"], result["level"]) == ("no-nonlinearity", "error")
    assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "no-nonlinearity"
    assert "written" in capsys.readouterr().out


def test_the_corrected_configuration_trains_well(tmp_path, capsys):
    better = tmp_path / "better.toml"
    run(["doctor", *QUICK, "--activation", "identity", "--apply", str(better)])
    assert RunConfig.from_toml(better).activation == "relu"
    capsys.readouterr()
    assert run(["doctor", str(tmp_path / "nothing.csv")]) == 1
    assert run(["train", "--config", str(better), "--run-dir", str(tmp_path / "run"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert "accuracy" in json.dumps(scores)
    assert run(["doctor", str(tmp_path / "run"), "--no-prove"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [(["nowhere"], "there is no data set"), (["model.safetensors"], "MODEL NEW_DATA"), ([], "source"),
     (["moons", "--fail-on", "info"], "fail-on"), (["moons", "--optimizer", "lbfgs"], "lbfgs")],
)  # fmt: skip
def test_what_cannot_be_examined_is_refused_in_one_line(words, said, capsys):
    assert run(["doctor", *words]) in (1, 2)
    error = capsys.readouterr().err
    assert said.lower() in error.lower()
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("name", ["dead-units", "broadcast"])
def test_explain_shows_the_parts_of_a_rule(name, capsys):
    assert run(["explain", name]) == 0
    out = capsys.readouterr().out
    assert all(f"\n{part}\n" in out for part in ("What it sees", "Why it matters", "What to try", "Source"))
    assert "cured" in out


def test_explain_lists_all_rules(capsys):
    assert run(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n{name} " in f"\n{listed}" for name in RULES)
    assert run(["explain", "dead-unit"]) == 2
    assert "dead-units" in capsys.readouterr().err
