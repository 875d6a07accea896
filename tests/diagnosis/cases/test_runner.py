"""The runner and ``chainrule doctor-benchmark``, with a doctor whose answers are known."""

import json
from dataclasses import dataclass

import pytest

from chainrule.cli.app import run as command
from chainrule.diagnosis.cases import runner
from chainrule.diagnosis.cases.reading import read_cases

BASE = {
    "tier": "A", "task": "binary", "input_dim": 2, "data": {"kind": "xor"}, "loss": "binary_crossentropy",
    "layers": [{"type": "dense", "units": 4, "activation": "tanh"}, {"type": "dense", "units": 1, "activation": "softmax"}],
    "optimizer": {"name": "sgd", "lr": 0.1}, "batch_size": 4, "epochs": 2, "primary_fault": "OUT_SOFTMAX_1",
    "faults": ["OUT_SOFTMAX_1", "OUT_LOSS_PAIR"],
}  # fmt: skip
MENDED = {"layers": [{"type": "dense", "units": 1, "activation": "sigmoid"}]}
HEALTHY = {**MENDED, "tier": "CONTROL", "primary_fault": "NONE", "faults": []}


@dataclass
class Found:
    fault: str
    severity: str = "ERROR"
    root: bool = True
    confirmed: bool | None = None
    rule: str = "a-rule"


@pytest.fixture
def file(tmp_path):
    """A file of these cases."""

    def write(*entries):
        path = tmp_path / "cases.json"
        cases = [{**BASE, "id": f"case-{i}", **entry} for i, entry in enumerate(entries)]
        path.write_text(json.dumps({"cases": cases}))
        return path

    return write


@pytest.fixture
def doctor(monkeypatch):
    """``doctor(answer)``: what it finds in the arguments of a program."""

    def put(answer):
        monkeypatch.setattr(runner, "diagnosed", lambda given, prove, budget: answer(given))

    return put


def softmax_over_one(given):
    """A doctor that knows one fault."""
    last = given["module"][-1]
    return [Found("OUT_SOFTMAX_1", confirmed=True)] if type(last).__name__ == "Softmax" else []


def told(capsys, *words):
    code = command(["doctor-benchmark", *map(str, words)])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def test_the_document_has_the_agreed_form(file, doctor, capsys):
    doctor(softmax_over_one)
    path = file({"fixed": MENDED}, HEALTHY, {"tier": "B"})
    document = json.loads(told(capsys, path, "--json", "--seeds", 2, "--twins"))
    assert [case["id"] for case in document["cases"]] == ["case-0", "case-1", "case-2"]
    for case in document["cases"]:
        assert type(case["id"]) is type(case["tier"]) is str
        assert all(type(fault) is str for fault in case["findings"])
        assert type(case["alarms"]) is int
        assert type(case["confirmed"]) is bool
        assert type(case["seconds"]) is float
    assert document["cases"][0]["findings"] == ["OUT_SOFTMAX_1"]
    five = ("cases", "top1", "top3", "false_alarms", "confirmed")
    rows = {tier: [row[name] for name in five] for tier, row in document["table"].items()}
    assert rows == {
        "A+B": [2, 2, 2, 0, 2], "A": [1, 1, 1, 0, 1], "B": [1, 1, 1, 0, 1],
        "CONTROL": [1, 0, 0, 0, 0], "TWIN": [1, 0, 0, 0, 0],
    }  # fmt: skip
    (twin,) = document["twins"]
    assert (twin["id"], twin["tier"], twin["findings"]) == ("case-0", "TWIN", [])


def test_mended_programs_run_only_when_asked_for(file, doctor, capsys):
    doctor(softmax_over_one)
    document = json.loads(told(capsys, file({"fixed": MENDED}), "--json", "--seeds", 1))
    assert document["twins"] == []
    assert "TWIN" not in document["table"]


def test_a_failing_doctor_and_an_unknown_case_are_results(file, doctor, capsys):
    def fails(given):
        raise ZeroDivisionError("a bug\nof the doctor")

    doctor(fails)
    path = file(
        {},
        {"data": {"kind": "tea_leaves"}},
        {"layers": [{"type": "dense"}]},
        {"data": {"kind": "xor", "hook": "unheard of"}},
    )
    first, *others = json.loads(told(capsys, path, "--json", "--seeds", 3))["cases"]
    assert first["error"] == "ZeroDivisionError: a bug of the doctor"
    assert (first["findings"], first["first"]) == ([], False)
    reasons = [case["not_run"] for case in others]
    assert "unknown kind of data 'tea_leaves'" in reasons[0]
    assert "units" in reasons[1]
    assert "the hook 'unheard of'" in reasons[2]
    text = told(capsys, path, "--seeds", 1)
    assert "the doctor failed" in text
    assert "not run" in text


def test_the_page_for_people(file, doctor, capsys):
    doctor(softmax_over_one)
    text = told(capsys, file({"fixed": MENDED}, {"faults": ["LR_LOW"], "primary_fault": "LR_LOW"}, HEALTHY), "--seeds", 2, "--twins")  # fmt: skip
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.split()[:3] == ["case-0", "first,", "cured"] for line in lines)
    assert any(line.split()[:2] == ["case-1", "MISSED"] for line in lines)
    assert "expected LR_LOW" in text
    assert any(line.split()[:2] == ["case-2", "healthy"] for line in lines)
    assert "A: first 50 %, among three 50 %, a confirmed remedy 50 %." in lines
    assert "False alarms on 0 of 2 healthy programs; in 0.0 % of their runs." in lines


def test_a_case_and_a_tier_can_be_chosen(file, doctor, capsys):
    doctor(softmax_over_one)
    path = file({}, HEALTHY)
    assert [c["id"] for c in json.loads(told(capsys, path, "--json", "--case", "case-1"))["cases"]] == ["case-1"]
    assert [c["id"] for c in json.loads(told(capsys, path, "--json", "--tier", "A"))["cases"]] == ["case-0"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--case", "case-9"), 2, "Did you mean 'case-0'"),
        (("--tier", "Z"), 2, "there is no 'Z'"),
        (("--seeds", "0"), 2, "--seeds"),
        (("--budget", "-1"), 2, "--budget"),
    ],
)
def test_what_is_not_there_is_one_line(file, capsys, words, code, says):
    assert command(["doctor-benchmark", str(file({})), *words]) == code
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_a_missing_file_is_one_line(capsys, tmp_path):
    assert command(["doctor-benchmark", str(tmp_path / "none.json")]) == 1
    assert "there is no file" in capsys.readouterr().err


def test_progress_counts_diagnoses(file, doctor):
    doctor(softmax_over_one)
    counted = []
    runner.run(
        read_cases(file({}, HEALTHY)), runner.Settings(seeds=2), lambda done, of: counted.append((done, of))
    )
    assert counted == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.thorough
def test_several_processes_find_what_one_does(file):
    """Without a doctor of its own each process asks the real one."""
    cases = read_cases(file({}, HEALTHY))
    one, two = (runner.run(cases, runner.Settings(2, prove=False, workers=n)) for n in (1, 2))
    assert [[run.said for run in v.runs] for v in one] == [[run.said for run in v.runs] for v in two]
    assert not any(v.not_run for v in two)
