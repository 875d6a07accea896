"""`chainrule benchmark`, on work of a few milliseconds."""

import json
from dataclasses import replace

import pytest

from chainrule.bench.tasks import INFERENCES, Inference, Training
from chainrule.bench.work.inference import Inference as AnswersWork
from chainrule.bench.work.training import Training as TrainingWork

SMALL = "10-8-3:16:sgd"
PEERS = "chainrule_numpy,floor,textbook"


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(TrainingWork, "tasks", (Training((10, 8, 3), 16, "sgd", 160, 0.1),))
    monkeypatch.setattr(AnswersWork, "tasks", (replace(INFERENCES[0], sizes=(10, 8, 3), calls=5),))


def test_tables_for_people_and_a_picture(small, chainrule):
    done = chainrule(
        "benchmark", "--work", "training,inference", "--peers", PEERS, "--repeats", "2", "--plot", "x.png"
    )
    assert done.code == 0
    lines = done.out.splitlines()
    assert any(line.startswith(SMALL) for line in lines)
    assert "step / products, narrow, SGD" in done.out
    assert max(map(len, lines)) <= 100
    assert "is chainrule_numpy here?" in done.err


def test_json_is_one_document_that_can_be_shown_again(small, chainrule, tmp_path):
    done = chainrule("benchmark", "--work", SMALL, "--peers", PEERS, "--repeats", "1", "--json")
    document = json.loads(done.out)
    (row,) = document["work"]["training"]
    assert row["peers"]["textbook"]["same"] is True
    assert document["machine"]["usable_cpus"] >= 1
    assert {"what", "limit", "measured", "met"} <= set(document["targets"][0])
    path, text = tmp_path / "r.json", tmp_path / "page.md"
    path.write_text(done.out)
    text.write_text(
        "words\n<!-- measured: training -->\nold\n<!-- end -->\nmore\n<!-- measured: memory -->\nkept\n<!-- end -->\n"
    )
    shown = chainrule("benchmark", "--result", str(path), "--markdown", str(text))
    assert shown.code == 0
    assert SMALL in shown.out
    page = text.read_text()
    assert f"| {SMALL} |" in page
    assert "old" not in page
    assert "kept" in page
    assert page.startswith("words\n")


def test_an_absent_peer_is_named_and_left_out(small, chainrule, monkeypatch, tmp_path):
    (tmp_path / "onnx.py").write_text("raise ImportError('no onnx', name='onnx')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = chainrule(
        "benchmark", "--work", "inference", "--peers", "chainrule_numpy,onnx_runtime", "--repeats", "1"
    )
    assert done.code == 0
    assert "ONNX Runtime is left out: onnx is not installed" in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--work", "trainign"], "unknown work 'trainign'. Did you mean 'training'?"),
        (["--peers", "pytorhc"], "unknown peer 'pytorhc'. Did you mean 'pytorch'?"),
        (["--repeats", "0"], "--repeats is a whole number of at least 1"),
        (["--plot", "x.gif"], "a picture's file ends in"),
        (["--markdown", "missing.md"], "there is no file missing.md"),
        (["--result", "missing.json"], "there is no file missing.json"),
    ],
)
def test_mistakes_are_said_before_the_work(words, message, chainrule):
    done = chainrule("benchmark", *words)
    assert done.code in (1, 2)
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"work": {}}'])
def test_another_file_is_no_result(text, chainrule, tmp_path):
    path = tmp_path / "r.json"
    path.write_text(text)
    done = chainrule("benchmark", "--result", str(path))
    assert done.code == 1
    assert done.err.startswith(f"chainrule: {path} is ")


def test_a_document_without_marks_is_refused_before_the_work(chainrule, tmp_path):
    path = tmp_path / "page.md"
    path.write_text("words")
    done = chainrule("benchmark", "--markdown", str(path))
    assert done.code == 1
    assert "has no place for tables" in done.err


def test_install_sizes_are_the_files_of_the_distributions(chainrule):
    done = chainrule("benchmark", "--work", "install", "--peers", "chainrule_numpy", "--json")
    (row,) = json.loads(done.out)["work"]["install"]
    assert {"chainrule", "numpy", "rich", "cyclopts"} <= set(row["parts"])
    assert "matplotlib" not in row["parts"]  # an extra
    assert row["megabytes"] == pytest.approx(sum(row["parts"].values()))
    assert 30 < row["parts"]["numpy"] < 120


def test_a_question_of_inference_is_a_slice_of_the_pool():
    task = Inference((4, 3), 4000, 3)
    assert [list(q) for q in task.questions(range(10_000))] == [
        list(range(4000)),
        list(range(4000, 8000)),
        list(range(4000)),
    ]
