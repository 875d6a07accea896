"""The ladder: eight ways to write one network give one curve."""

import json
import sys

import numpy as np
import pytest

from chainrule.cli.app import run
from chainrule.studies.ladder import COMPARED, TITLES, climb, quadrants
from chainrule.studies.ladder.climb import count_lines


@pytest.fixture(scope="module")
def groups():
    return {group.name: group for group in climb(TITLES, COMPARED, seed=1)}


@pytest.mark.thorough
def test_the_curves_of_a_group_agree_to_1e_10_over_100_steps(groups):
    compared = 0
    for group in groups.values():
        if len(group.curves) > 1:
            assert group.difference(COMPARED) <= 1e-10, group.name
            compared += 1
    assert compared == (4 if "torch" in sys.modules else 2)


@pytest.mark.thorough
def test_every_rung_but_the_third_is_in_a_group_and_learns(groups):
    curves = [curve for group in groups.values() for curve in group.curves]
    assert {curve.rung for curve in curves} == set(TITLES) - {3}
    for curve in curves:
        assert len(curve.losses) == COMPARED
        assert curve.losses[-1] < 0.2 * curve.losses[0]
        assert curve.seconds > 0


@pytest.mark.thorough
def test_rungs_4_to_7_run_on_pytorch_and_on_chainrule(groups):
    pytest.importorskip("torch")
    for name, rungs in (("no biases", (4, 5)), ("modules", (6,)), ("an optimizer", (7,))):
        for rung in rungs:
            assert {c.library for c in groups[name].curves if c.rung == rung} == {"PyTorch", "chainrule"}


def test_a_curve_that_parts_is_seen():
    (group,) = climb({1, 5}, 5)
    first = group.curves[0]
    parted = type(first)(1, "x", (*first.losses[:4], first.losses[4] * 1.001), 1.0, 1)
    assert group.difference(5) < 1e-12
    assert type(group)("parted", (first, parted)).difference(5) == pytest.approx(1e-3)
    assert type(group)("parted", (first, parted)).difference(4) == 0


def test_a_linear_network_is_one_matrix_and_no_better_than_least_squares():
    answers = quadrants(steps=500, seed=0)
    assert answers.collapse < 1e-10
    assert answers.least == pytest.approx(answers.long_loss, rel=1e-6)
    assert answers.loss > answers.least
    assert answers.long_relu_loss < 0.5 * answers.least
    assert len(answers.losses) == 500
    assert list(answers.right) == [3, 0, 0, 0]


def test_lines_are_counted_without_docstrings_comments_and_blanks():
    def three(x):
        """Nothing.

        At all.
        """
        y = x + 1  # one

        # a comment
        z = [y, 2]
        return z * 2

    assert count_lines(three) == 3


def test_the_command_prints_a_table_and_draws(tmp_path, capsys):
    picture = tmp_path / "ladder.png"
    assert run(["ladder", "--rung", "5", "--steps", "20", "--plot", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "5  autograd" in out
    assert "loss at 0" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_rung_3_answers_in_words_and_numbers(capsys):
    assert run(["ladder", "--rung", "3", "--steps", "50"]) == 0
    out = capsys.readouterr().out
    assert "(111, -111)" in out
    assert "one matrix" in out
    assert "6.1765" in out


def test_json_is_one_document(capsys):
    assert run(["ladder", "--rung", "2", "--steps", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (group,) = document["groups"]
    assert [curve["rung"] for curve in group["curves"]] == [2]
    assert len(group["curves"][0]["losses"]) == 3


@pytest.mark.parametrize(
    "words",
    [["--rung", "9"], ["--rung", "x"], ["--steps", "0"], ["--seed", "-1"], ["--plot", "x.txt", "--rung", "1"]],
)
def test_wrong_options_are_one_line(words, capsys):
    assert run(["ladder", "--steps", "2", *words]) in (1, 2)
    err = capsys.readouterr().err
    assert err.startswith("chainrule: ")
    assert err.count("\n") == 1


def test_without_matplotlib_the_extra_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert run(["ladder", "--rung", "1", "--steps", "2", "--plot", str(tmp_path / "x.png")]) == 1
    assert "chainrule[plot]" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_curve_and_another_gives_another():
    def losses(seed):
        (group,) = climb({1}, 3, seed)
        return group.curves[0].losses

    assert losses(0) == losses(0)
    assert not np.allclose(losses(0), losses(1))
