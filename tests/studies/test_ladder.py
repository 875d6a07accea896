"""The ladder: eight ways to write one network give one curve."""

import importlib
import inspect
import json
import sys
import time

import numpy as np
import pytest

from chainrule.cli.app import run
from chainrule.studies.ladder import COMPARED, TITLES, climb, quadrants, rung_2, rung_8
from chainrule.studies.ladder.climb import count_lines, timed


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
    assert answers.long_relu_loss < 0.6 * answers.least
    assert len(answers.curve.losses) == 500
    assert list(answers.right) == [3, 0, 0, 0]


def test_the_best_planes_are_those_that_the_words_name():
    answers = quadrants(steps=2, seed=0)
    x, y = answers.asked.T
    planes = 1 / 4 + np.stack([x + y, -x + y, -x - y, x - y], axis=1) / 34
    assert np.abs(answers.long_scores - planes).max() < 1e-3
    assert list(answers.long_scores.argmax(axis=1)) == list(answers.right)
    assert 0 < answers.long_scores[1, 0] - answers.long_scores[1, 1] < 0.1  # "hardly"


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 7, 26, 248, 405])  # a rate of 1e-4 diverges from the last three
def test_what_rung_3_says_in_words_holds_from_other_starts(seed):
    answers = quadrants(seed=seed)
    assert answers.collapse < 1e-10
    assert answers.long_loss == pytest.approx(answers.least, rel=1e-6)
    assert answers.loss > answers.least > answers.long_relu_loss


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
    assert "5 autograd" in out
    assert "loss at 0" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_rung_3_answers_in_words_and_numbers(capsys):
    assert run(["ladder", "--rung", "3", "--steps", "50"]) == 0
    out = capsys.readouterr().out
    assert "(111, -111)" in out
    assert "one matrix" in out
    assert "6.1765" in out
    assert out.splitlines()[3].split()[-1] == "20"  # lines that the user wrote


def test_the_whole_output_fits_80_columns(capsys):
    assert run(["ladder", "--steps", "101"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_without_pytorch_the_ladder_runs_on_chainrule_and_says_so(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    for rung in ("4", "5", "6", "7"):
        assert run(["ladder", "--rung", rung, "--steps", "2"]) == 0
        out = capsys.readouterr().out
        assert "PyTorch is not installed" in out
        assert "difference" not in out  # nothing to compare with


@pytest.mark.parametrize("factor", [1 + 1e-9, np.nan])
def test_curves_that_part_are_said_and_give_exit_code_1(factor, monkeypatch, capsys):
    def train(net, x, y, learning_rate, steps):
        w1, b1, w2, b2 = net.params.values()
        losses = rung_2.train(x, y, w1.T, b1[None], w2.T, b2[None], learning_rate, steps)
        return [factor * loss for loss in losses]

    monkeypatch.setattr(rung_8, "train", train)
    assert run(["ladder", "--steps", "2"]) == 1
    assert "should be one" in capsys.readouterr().out


def test_the_time_of_a_step_leaves_the_first_out():
    calls = []

    def train(weights, steps):
        calls.append((weights[0], steps))
        weights += steps
        if len(calls) == 1:
            time.sleep(0.2)  # as a library that loads what it needs
        return [1.0] * steps

    curve = timed(1, "x", 1, train, (np.zeros(1),), 4)
    assert calls == [(0, 1), (0, 4)]  # and from the same start
    assert curve.seconds < 0.04


LEVELS = {
    4: (".mm(", ".clamp(min=0)", ".t()", ".pow(2).sum()", ".clone()", "dh[h <= 0] = 0"),
    5: (".requires_grad_()", "loss.backward()", "with torch.no_grad():", ".grad.zero_()"),
    6: ("nn.Sequential(", "nn.ReLU()", 'MSELoss(reduction="sum")', "model.zero_grad()", "model.parameters()"),
    7: ("optim.Adam(", "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"),
}


@pytest.mark.parametrize("rung", LEVELS)
def test_a_rung_is_written_with_what_its_level_gives(rung):
    module = importlib.import_module(f"chainrule.studies.ladder.rung_{rung}")
    assert [part for part in LEVELS[rung] if part not in inspect.getsource(module)] == []


def test_json_is_one_document(capsys):
    assert run(["ladder", "--rung", "2", "--steps", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (group,) = document["groups"]
    assert [curve["rung"] for curve in group["curves"]] == [2]
    assert len(group["curves"][0]["losses"]) == 3
    assert run(["ladder", "--rung", "3", "--steps", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["groups"][0]["curves"][0]["rung"] == 3
    assert np.shape(document["quadrants"]["one_matrix"]) == (3, 4)


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
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(["ladder", "--rung", "1", "--steps", "2", "--plot", str(tmp_path / "x.png")]) == 1
    assert "chainrule[plot]" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_curve_and_another_gives_another():
    def losses(seed):
        (group,) = climb({1}, 3, seed)
        return group.curves[0].losses

    assert losses(0) == losses(0)
    assert not np.allclose(losses(0), losses(1))
