"""``chainrule plot`` and ``chainrule report``: files where they are said to be, errors in one line."""

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")


@pytest.fixture
def moons(chainrule):
    assert chainrule("train", "moons:n=60", "--epochs", "2", "--run-dir", "runs/one", "-q").code == 0
    return "runs/one"


def test_plot_writes_the_picture_and_prints_its_path(chainrule, moons):
    found = chainrule("plot", "training", moons)
    assert (found.code, found.out) == (0, "training.png\n")
    assert re.match(r"The loss on the training rows goes from [\d.]+ in epoch 1 to [\d.]+ in epoch 2\.", found.err)
    assert Path("training.png").read_bytes().startswith(b"\x89PNG")
    assert chainrule("plot", "weights:most=3", moons, "-o", "w.svg", "--dark").out == "w.svg\n"
    assert "#15181c" in Path("w.svg").read_text()


def test_plot_draws_several_runs(chainrule, moons):
    chainrule("train", "moons:n=60", "--epochs", "2", "--seed", "1", "--run-dir", "runs/two", "-q")
    assert chainrule("plot", "training", moons, "runs/two", "-o", "both.svg").code == 0
    assert {"one", "two"} <= set(re.findall(r">(\w+)</text>", Path("both.svg").read_text()))


def test_what_cannot_be_drawn_is_said_in_one_line(fails, moons):
    fails(2, "unknown picture 'trainin'. Did you mean 'training'", "plot", "trainin", moons)
    fails(1, "nowhere is no run directory", "plot", "training", "nowhere")
    fails(1, "predicts classes", "plot", "residuals", moons)
    fails(1, r"ends in \.png, \.svg, \.pdf", "plot", "training", moons, "-o", "x.gif")
    fails(1, "there is no folder missing", "plot", "training", moons, "-o", "missing/x.png")
    fails(2, "training is|no setting 'x'", "plot", "training:x=1", moons)


def test_report_writes_into_the_run_and_prints_its_path_last(chainrule, moons):
    found = chainrule("report", moons)
    assert (found.code, found.out, found.err) == (0, "report: runs/one/report.html\n", "")
    html = Path("runs/one/report.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "<svg" in html


def test_report_without_a_name_takes_the_latest_run(chainrule, moons, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    chainrule("train", "xor", "--epochs", "1", "--run-dir", "runs/a-later-one", "-q")
    chainrule("report", moons)  # a report of the older one doesn't make it the latest
    assert chainrule("report").out == "report: runs/a-later-one/report.html\n"
    chainrule("train", "xor", "--epochs", "1", "--run-dir", "runs/last", "-q")
    assert chainrule("report", "-o", "here.html").out == "report: here.html\n"
    assert "<h1>last</h1>" in Path("here.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_is_said_in_one_line(fails):
    fails(1, "there is no run in runs/; name one, or train with: chainrule train mnist", "report")
    fails(1, "nowhere is no run directory", "report", "nowhere")


def test_a_report_is_not_written_into_a_folder_that_is_not_there(fails, moons):
    fails(1, "there is no folder missing", "report", moons, "-o", "missing/x.html")
