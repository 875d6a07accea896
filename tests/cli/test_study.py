"""chainrule study: a command for each study of the shelf."""

import json
import re
from pathlib import Path

import pytest

from chainrule.cli.commands.study import _help
from chainrule.plots.studies import draw
from chainrule.studies.exercises import STUDIES

NAMES = [name.replace("_", "-") for name in STUDIES]


def test_the_help_lists_every_study_with_its_summary(done):
    out = done("study", "--help")
    for name in NAMES:
        assert re.search(rf"^\W*{name}\s+\w", out, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_every_study_has_help_with_an_example_and_all_its_settings(done, name):
    out = done("study", name, "--help")
    assert f"$ chainrule study {name}" in out
    for option in ("--seed", "--json", "--plot"):
        assert option in out
    assert ("--notes" in out) == (name == "learning-rate")
    cls = STUDIES[name.replace("-", "_")]
    assert _help(name, cls).startswith(cls.summary())


def test_a_study_prints_what_it_found_and_how_to_repeat_it(done):
    out = done("study", "perceptron", "--seed", "3")
    assert "AND is learned with 10 updates" in out
    assert out.rstrip().endswith("chainrule study perceptron --passes 100 --seed 3")
    repeated = done(*out.rstrip().splitlines()[-1].split()[1:])
    assert repeated == out
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_one_document_with_the_settings(done):
    found = json.loads(done("study", "perceptron", "--json"))
    assert found["study"] == "perceptron"
    assert found["settings"] == {"seed": 0, "passes": 100}
    assert [p["name"] for p in found["problems"]] == ["and", "or", "xor"]
    assert len(found["problems"][0]["walk"]["weights"]) == 11


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_picture_is_written(done, kind):
    pytest.importorskip("matplotlib")
    done("study", "perceptron", "-o", f"p.{kind}")
    assert Path(f"p.{kind}").stat().st_size > 5000


@pytest.mark.thorough
def test_the_pictures_of_the_other_studies_are_drawn(done):
    pytest.importorskip("matplotlib")
    for name, settings in {
        "xor": ("--seeds", 1, "--steps", 50),
        "baselines": ("--sizes", "100,200", "--seeds", 1, "--steps", 20),
        "initialization": ("--rows", 200, "--epochs", 1, "--deepest", 1),
    }.items():
        done("study", name, *settings, "--plot", f"{name}.svg")
        assert Path(f"{name}.svg").stat().st_size > 5000


def test_a_loss_that_leaves_the_picture_is_drawn_and_told():
    pytest.importorskip("matplotlib")
    line = {
        "rate": 3.0,
        "at": (1, 2, 3),
        "losses": (1.0, 1e200, float("inf")),
        "diverged": 3,
        "curvature_at": (0,),
    }
    steady = {**line, "rate": 0.1, "losses": (1.0, 0.5, 0.2), "diverged": None, "curvature_at": (0, 3)}
    problem = {"title": "$x$ <b>", "constant": 1.0, "limit": 0.1}
    lines = [{**line, "curvatures": (2.0,)}, {**steady, "curvatures": (2.0, 1.0)}]
    made = draw("learning_rate", {"problems": [{**problem, "lines": lines}]})
    told = [text.get_text() for text in made.axes[0].get_legend().get_texts()]
    assert told == ["3 diverges", "0.1"]
    assert len(made.axes[1].lines) == 2  # the curvature of the one that has several, and its 2 / rate


@pytest.mark.slow
def test_the_notes_are_written_with_their_pictures(done):
    done("study", "learning-rate", "--rates", "0.01,30", "--rows", 320, "--steps", 20, "--looks", 2, "--probe", 32,
         "--notes", "notes.md")  # fmt: skip
    page = Path("notes.md").read_text(encoding="utf-8")
    for figure in re.findall(r"\]\((figures/[^)]+)\)", page):
        assert Path(figure).stat().st_size > 5000
    assert "--notes notes.md" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("perceptron", "--passes", "0"), "--passes is a whole number of at least 1"),
        (("perceptron", "--passes", "1.5"), "--passes takes a whole number"),
        (("perceptron", "--seed", "-1"), "--seed is a whole number of at least 0"),
        (("perceptrn",), "Did you mean"),
        (("xor", "--optimizer", "adm", "--seeds", "1"), "Did you mean 'adam'"),
        (("learning-rate", "--rates", "0.1,x"), "--rates takes numbers with commas"),
        (("learning-rate", "--rates", "0.1,-1"), "--rates takes finite numbers above 0"),
        (("baselines", "--sizes", "nan"), "--sizes takes finite numbers above 0"),
    ],
)
def test_settings_that_make_no_sense_are_usage_errors(fails, words, says):
    fails(2, says, "study", *words)


def test_a_picture_that_cannot_be_written_is_refused_before_the_work(fails):
    pytest.importorskip("matplotlib")
    fails(1, "there is no folder", "study", "xor", "--plot", "nowhere/x.svg")
    fails(1, "ends in", "study", "xor", "--plot", "x.gif")
