"""``chainrule sweep`` as a new user meets it: what it prints, writes, refuses, and how it goes on."""

import json
import re
import signal
import sys
from pathlib import Path

import pytest

from chainrule.runs import RunConfig

SMALL = ("moons:n=40", "--epochs", "2", "--batch-size", "8", "--validation", "0.3")
GRID = (*SMALL, "--learning-rate", "0.01,0.1", "--width", "4,8", "--depth", "1")


def test_a_grid_prints_its_best_what_matters_and_how_to_go_on(chainrule):
    found = chainrule("sweep", *GRID, "--run-dir", "grid")
    assert found.code == 0
    assert "grid: 4 points of learning_rate (2) x width (2)" in found.out.replace("width (2) x learning_rate (2)",
                                                                               "learning_rate (2) x width (2)")  # fmt: skip
    assert "judged by accuracy on 0.3 of the rows; engine numpy; 1 worker" in found.out
    for heading in ("The best 4 of 4 points", "By value", "What matters"):
        assert heading in found.out
    assert "4 points: 4 done" in found.out
    assert re.search(
        r"4 trainings in [\d.]+ s by 1 worker: [\d.]+ a minute; \d+ % of the workers' time", found.out
    )
    assert "chainrule train --config grid/best.toml" in found.out
    assert sorted(path.name for path in Path("grid").iterdir()) == [
        "best.toml", "environment.json", "sessions.jsonl", "sweep.toml", "trials.jsonl",
    ]  # fmt: skip
    assert found.err.splitlines()[0] == "0/4 trainings"
    assert found.err.splitlines()[-1].startswith("4/4 trainings, best ")


def test_without_a_folder_each_sweep_has_its_own(chainrule):
    for n in (1, 2):
        assert re.search(rf"sweep: runs/\d+-\d+-\d+-sweep-moons-{n}\n", chainrule("sweep", *GRID).out)


def test_json_is_one_document(chainrule):
    document = json.loads(chainrule("sweep", *GRID, "--seeds", "2", "--json", "--run-dir", "grid").out)
    assert len(document["points"]) == 4
    best = document["points"][0]
    assert document["best"] == best
    assert best["mean"] == pytest.approx(sum(best["scores"]) / 2)
    assert best["mean"] == max(point["mean"] for point in document["points"])
    assert set(document["importance"]["shares"]) == {"learning_rate", "width"}
    assert document["sessions"][0]["trainings"] == 8
    assert 0 <= document["sessions"][0]["not_training"] <= 1
    assert RunConfig.from_toml(Path(document["best_config"])).learning_rate == best["values"]["learning_rate"]


def test_a_space_file_and_options_that_win(chainrule):
    Path("space.toml").write_text(
        "epochs = 1\nlearning_rate = [0.01, 0.1]\nwidth = [4, 8]\ndepth = [1, 2]\n[optimizer]\nmomentum = [0.0, 0.9]\n"
    )
    found = chainrule("sweep", "moons:n=40", "--space", "space.toml", "--validation", "0.3", "--optimizer", "sgd",
                      "--hidden", "3;4,4", "--learning-rate", "0.5", "--json", "--run-dir", "s")  # fmt: skip
    document = json.loads(found.out)
    assert document["plan"]["space"] == {"optimizer.momentum": [0.0, 0.9], "hidden": [[3], [4, 4]]}
    assert document["plan"]["config"]["learning_rate"] == 0.5
    assert len(document["points"]) == 4


def test_the_same_command_goes_on_and_the_folder_alone_does_too(chainrule):
    whole = chainrule("sweep", *GRID, "--run-dir", "grid").out
    lines = Path("grid/trials.jsonl").read_text().splitlines(keepends=True)
    for words in ([*GRID, "--run-dir", "grid"], ["--run-dir", "grid"]):
        Path("grid/trials.jsonl").write_text("".join(lines[:2]) + lines[2][:40])
        again = chainrule("sweep", *words)
        assert again.code == 0
        assert again.err.splitlines()[0].startswith("2/4 trainings")
        assert "2 trainings in" in again.out
        table = re.compile(r"The best 4.*?By value", re.DOTALL)
        without_seconds = re.compile(r" +[\d.]+ *$", re.MULTILINE)
        assert without_seconds.sub("", table.search(again.out)[0]) == without_seconds.sub(
            "", table.search(whole)[0]
        )
    shown = chainrule("sweep", "--run-dir", "grid")
    assert shown.err.splitlines() == ["4/4 trainings, best " + shown.err.split()[-1]]


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (2, "sweep needs a SOURCE", []),
        (2, "nothing varies", [*SMALL]),
        (2, "nothing varies", [*SMALL, "--learning-rate", "0.1"]),
        (2, "Did you mean.*learning-rate", [*SMALL, "--learnig-rate", "0.1,0.2"]),
        (2, "Did you mean 'relu'", [*SMALL, "--activation", "relu,rellu"]),
        (2, "Did you mean 'moons'", ["mons", "--epochs", "1,2"]),
        (2, "unknown search 'gird'.*Did you mean 'grid'", [*GRID, "--search", "gird"]),
        (2, "unknown pruner", [*GRID, "--prune", "halvin"]),
        (2, "Did you mean 'accuracy'", [*GRID, "--score", "accurancy"]),
        (2, r"width\[1\] is a whole number", [*SMALL, "--width", "4,x", "--depth", "1"]),
        (2, "width needs depth", [*SMALL, "--width", "4,8"]),
        (2, "--workers is a whole number of at least 1, not 0", [*GRID, "--workers", "0"]),
        (2, "--workers takes a whole number", [*GRID, "--workers", "two"]),
        (2, "--trials", [*SMALL, "--search", "random", "--trials", "0", "--learning-rate", "0.1..0.2"]),
        (2, "a grid needs lists", [*SMALL, "--learning-rate", "0.1..0.2"]),
        (2, "as many trials as points", [*GRID, "--trials", "5"]),
        (2, "take --prune halving", [*GRID, "--prune", "median"]),
        (2, "dask://HOST:PORT", [*GRID, "--cluster", "localhost"]),
        (2, "--storage takes", [*GRID, "--storage", "mysql://a"]),
        (2, "--study is a name in a --storage", [*GRID, "--study", "s"]),
        (2, "judges on validation rows", ["moons:n=40", "--epochs", "1,2", "--validation", "0"]),
        (2, "seed is a whole number", [*SMALL, "--seed", "1,2", "--learning-rate", "0.1,0.2"]),
        (2, "time-limit|time_limit", [*GRID, "--time-limit", "3"]),
        (1, "holds no sweep", ["--run-dir", "nowhere"]),
        (1, "there is no file space.toml", ["moons", "--space", "space.toml"]),
        (1, "--plot takes a folder", [*GRID, "--plot", "nowhere"]),
        (1, "there is no file page.md", [*GRID, "--markdown", "page.md"]),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_line_and_nothing_is_written(fails, code, says, words):
    fails(code, says, "sweep", *words)


def test_another_sweep_in_the_folder_and_settings_beside_a_folder_are_refused(chainrule, fails):
    chainrule("sweep", *GRID, "--run-dir", "grid")
    fails(1, "holds another sweep: seeds is 1 there, 2 here", "sweep", *GRID, "--seeds", "2", "--run-dir", "grid")
    fails(2, "knows its settings", "sweep", "--run-dir", "grid", "--epochs", "1,2")


def test_a_folder_of_a_run_is_refused(chainrule, fails):
    chainrule("train", "moons:n=40", "--epochs", "1", "--run-dir", "run")
    fails(1, "holds a run already", "sweep", *GRID, "--run-dir", "run")


def test_a_table_that_changed_since_is_refused(chainrule, fails, houses):
    words = [houses, "--target", "kind", "--ignore", "city", "--epochs", "1", "--hidden", "4;8"]
    assert chainrule("sweep", *words, "--run-dir", "s").code == 0
    with Path(houses).open("a") as file:
        file.write("1,Rome,100,flat,2\n")
    fails(1, "houses.csv has changed since", "sweep", "--run-dir", "s")


def test_a_sweep_without_a_best_fails(chainrule):
    found = chainrule("sweep", *SMALL, "--optimizer", "sgd", "--loss", "mean_squared_error", "--learning-rate",
                      "1e29,1e30")  # fmt: skip
    assert found.code == 1
    assert "2 points: 2 diverged" in found.out
    assert "there is no best" in found.out


@pytest.mark.parametrize(
    ("missing", "says", "words"),
    [
        ("joblib", r"several workers need joblib.*chainrule\[search\]", ["--workers", "2"]),
        ("optuna", r"need Optuna.*chainrule\[search\]", ["--search", "tpe"]),
        ("optuna", r"need Optuna.*chainrule\[search\]", ["--storage", "sqlite:///s.db"]),
        ("distributed", r"--cluster needs Dask.*chainrule\[cluster\]", ["--cluster", "dask://localhost:1"]),
    ],
)
def test_a_missing_library_is_one_line(chainrule, monkeypatch, missing, says, words):
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    found = chainrule("sweep", *GRID, *words)
    assert found.code == 1
    assert re.search(says, found.err)
    assert found.err.count("\n") == 1


def test_a_grid_needs_none_of_them(chainrule, monkeypatch):
    for missing in ("joblib", "optuna", "distributed"):
        monkeypatch.setitem(sys.modules, missing, None)
    assert chainrule("sweep", *GRID, "--prune", "halving:steps=2,factor=2").code == 0


def test_pictures_and_tables_go_where_they_are_asked_for(chainrule):
    pytest.importorskip("matplotlib")
    Path("pictures").mkdir()
    Path("page.md").write_text("Words.\n\n<!-- sweep: best -->\nold\n<!-- end -->\n\nMore.\n<!-- sweep: points -->\n"
                               "<!-- end -->\n<!-- sweep: other -->\nstays\n<!-- end -->\n")  # fmt: skip
    found = chainrule("sweep", *GRID, "--plot", "pictures", "--markdown", "page.md", "--run-dir", "grid")
    assert found.code == 0
    assert sorted(path.name for path in Path("pictures").iterdir()) == ["effects.svg", "planes.svg"]
    page = Path("page.md").read_text()
    assert "old" not in page
    assert "stays" in page
    assert page.count("\n| ") == 2 + 4 + 2 + 2  # heads and rules, four points ranked, four of them two by two
    again = chainrule("sweep", "--run-dir", "grid", "--markdown", "page.md")
    assert again.code == 0
    assert Path("page.md").read_text() == page


@pytest.mark.thorough
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_ends_it_and_the_command_that_it_names_goes_on(outside, until, chainrule, number, code, workers):
    words = ["--learning-rate", "0.001,0.01,0.1", "--width", "4,8", "--depth", "1,2", "--epochs", "60"]
    process = outside("sweep", "moons:n=200", *words, "--batch-size", "8", "--workers", workers, "--run-dir", "s")
    trials = Path("s/trials.jsonl")
    until(lambda: trials.exists() and trials.read_text().count("\n") >= 2, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code
    assert b"Traceback" not in err
    assert err.decode().splitlines()[-1] == "interrupted; to go on: chainrule sweep --run-dir s"
    kept = trials.read_text().count("\n")
    assert kept < 12
    again = chainrule("sweep", "--run-dir", "s")
    assert again.code == 0
    assert "12 points: 12 done" in again.out
    assert f"{12 - kept} trainings in" in again.out
    assert "judged by accuracy on" in out.decode()


@pytest.mark.thorough
def test_a_sweep_that_was_killed_goes_on(outside, until, chainrule):
    words = ["--learning-rate", "0.001,0.01,0.1", "--width", "4,8", "--depth", "1,2", "--epochs", "60"]
    process = outside("sweep", "moons:n=200", *words, "--batch-size", "8", "--run-dir", "s")
    trials = Path("s/trials.jsonl")
    until(lambda: trials.exists() and trials.read_text().count("\n") >= 2, process)
    process.kill()
    process.communicate(timeout=300)
    kept = trials.read_text().count("\n")
    assert 2 <= kept < 12
    again = chainrule("sweep", "--run-dir", "s")
    assert again.code == 0
    assert "12 points: 12 done" in again.out
    assert f"{12 - kept} trainings in" in again.out
