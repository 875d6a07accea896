"""`chainrule reproduce`: from the recipe's file to the verdict, stopped and taken up again."""

import json
import os
import signal

import pytest

from chainrule.cli.app import run
from chainrule.studies.reproductions import names, recipe, running
from chainrule.training import Callback

TEXT = """
title = "A miniature"
minutes = 0.01
assumed = ["nothing of note"]

[source]
authors = "Nobody"
year = 2026
title = "A test"
where = "here"

[figure]
measure = "error"
value = 40.0
step = 0.1
chosen = "nothing"

[inputs]
images = 400

[network]
hidden = [8]
activation = "relu"

[training]
loss = "cross_entropy"
batch_size = 20
epochs = 2

[[options]]
epochs = 1
optimizer = "sgd:learning_rate=0.1"

[[options]]
epochs = 1
optimizer = "sgd:learning_rate=0.001"
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty folder to work in, and one recipe on the shelf."""
    shelf = tmp_path / "recipes"
    shelf.mkdir()
    (shelf / "miniature.toml").write_text(TEXT)
    monkeypatch.setattr(recipe, "FOLDER", shelf)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_names_what_there_is(capsys, monkeypatch):
    monkeypatch.undo()
    assert run(["reproduce", "--list"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(names())
    assert max(map(len, out.splitlines())) <= 80
    assert "error 4.7 " in out
    assert " 2 h" in out


def test_a_verdict_at_the_end_and_the_seeds_in_the_ledger(capsys, place):
    assert run(["reproduce", "miniature", "--seeds", "2"]) == 0
    shown = capsys.readouterr()
    assert "miniature: A miniature" in shown.out
    assert "assumed   nothing of note" in shown.out
    *_, last = shown.out.splitlines()
    assert last.split()[:3] == ["miniature", "error", "40.0"]
    assert last.split()[-2] == "2"
    ledger = json.loads((place / "runs" / "reproductions.json").read_text())
    assert list(ledger["recipes"]["miniature"]["seeds"]) == ["0", "1"]


def test_json_is_one_document_and_nothing_is_run_twice(capsys, monkeypatch):
    trained = []

    def counted(recipe, seed, **settings):
        trained.append((seed, recipe.figure.images))
        return running.run(recipe, seed, **settings)

    monkeypatch.setattr("chainrule.studies.reproductions.jobs.run", counted)
    documents = []
    for seeds in ("2", "3", "2"):
        assert run(["reproduce", "miniature", "--json", "--seeds", seeds]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        documents.append(json.loads(shown.out))
    assert trained == [(0, "held"), (0, "held"), (0, "test"), (1, "test"), (2, "test")]
    assert [list(each[0]["seeds"]) for each in documents] == [["0", "1"], ["0", "1", "2"], ["0", "1"]]
    assert documents[0] == documents[2]
    assert documents[0][0]["verdict"]["word"] in ("better", "worse", "agrees")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_it_keeps_whole_seeds_and_goes_on_where_it_was(capsys, place, monkeypatch, number, code):
    class Stops(Callback):
        def on_epoch_end(self, trainer, row):
            os.kill(os.getpid(), number)

    def stopped(recipe, seed, callbacks, **settings):
        return running.run(recipe, seed, callbacks=[*callbacks, *[Stops()] * (seed == 1)], **settings)

    with monkeypatch.context() as patch:
        patch.setattr("chainrule.studies.reproductions.jobs.run", stopped)
        assert run(["reproduce", "miniature", "--seeds", "3"]) == code
    kept = place / "runs" / "reproductions.json"
    first = json.loads(kept.read_text())["recipes"]["miniature"]["seeds"]
    assert list(first) == ["0"]
    assert run(["reproduce", "miniature", "--seeds", "3"]) == 0
    seeds = json.loads(kept.read_text())["recipes"]["miniature"]["seeds"]
    assert list(seeds) == ["0", "1", "2"]
    assert seeds["0"] == first["0"]


def test_open_settings_are_chosen_on_held_out_images_first(capsys, place):
    assert run(["reproduce", "miniature", "--seeds", "2"]) == 0
    shown = capsys.readouterr()
    said = [line for line in shown.err.splitlines() if line.startswith("miniature")]
    assert said == [
        "miniature, epochs 1, optimizer sgd:learning_rate=0.1",
        "miniature, epochs 1, optimizer sgd:learning_rate=0.001",
        "miniature, seed 0",
        "miniature, seed 1",
    ]
    assert "held out  epochs 1, optimizer sgd:learning_rate=0.001: error" in shown.out
    ledger = json.loads((place / "runs" / "reproductions.json").read_text())
    fast, slow = (each["last"] for each in ledger["choices"].values())
    assert fast > slow  # a rate a hundred times smaller learns less
    assert ledger["recipes"]["miniature"]["seeds"]["0"]["epochs"] == 2


def test_the_page_is_written_from_the_ledger(capsys, place):
    assert run(["reproduce", "miniature", "--seeds", "2", "--ledger", "seeds.json"]) == 0
    assert run(["reproduce", "--ledger", "seeds.json", "--notes", "page.md"]) == 0
    page = (place / "page.md").read_text()
    assert "$ chainrule reproduce --ledger seeds.json --notes page.md" in page
    assert "| [miniature](#miniature) | 784-8-10 relu | error 40.0 |" in page
    assert "[seeds.json](seeds.json)" in page


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "--list shows them"),
        (["minature"], 2, "Did you mean 'miniature'?"),
        (["miniature", "--seeds", "0"], 2, "--seeds is a whole number of at least 1"),
        (["miniature", "--ledger", "."], 1, "folder"),
        (["miniature", "--data-dir", "."], 1, "MNIST"),
    ],
)
def test_mistakes_are_one_line(capsys, words, code, says):
    running.images.cache_clear()
    assert run(["reproduce", *words]) == code
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") <= 2
