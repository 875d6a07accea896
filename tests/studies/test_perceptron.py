"""Rosenblatt's rule: what it learns, what it can't, and the proof of both."""

from itertools import product

import numpy as np
import pytest

from chainrule.studies.exercises.perceptron import (
    PerceptronStudy,
    line,
    nearest_to_origin,
    signed_rows,
    train,
)

SQUARE = np.array(list(product((0.0, 1.0), repeat=2)))
FUNCTIONS = list(product((0, 1), repeat=4))


def reference(answers, start, passes):
    """The rule in five lines, without anything else."""
    w, updates = list(start), 0
    for _ in range(passes):
        for (x1, x2), answer in zip(SQUARE.tolist(), answers, strict=True):
            error = answer - (1 if w[0] * x1 + w[1] * x2 + w[2] > 0 else 0)
            w, updates = [w[0] + error * x1, w[1] + error * x2, w[2] + error], updates + abs(error)
    return w, updates


@pytest.fixture(scope="module")
def finding():
    return PerceptronStudy().run()


@pytest.mark.parametrize("answers", FUNCTIONS)
def test_updates_and_weights_are_those_of_the_rule_in_five_lines(answers, rng):
    for start in (np.zeros(3), rng.uniform(-2, 2, 3)):
        walk = train(SQUARE, np.array(answers), start, 50)
        w, updates = reference(answers, start, walk.passes)
        assert walk.updates == updates
        np.testing.assert_array_equal(walk.weights[-1], w)


@pytest.mark.parametrize("answers", FUNCTIONS)
def test_a_function_is_learned_exactly_where_a_line_exists(answers):
    signed = signed_rows(SQUARE, np.array(answers))
    shares, nearest = nearest_to_origin(signed)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)
    # The nearest point of a convex hull is the one that no vertex lies behind.
    assert (signed @ nearest >= nearest @ nearest - 1e-12).all()
    walk = train(SQUARE, np.array(answers), np.zeros(3), 100)
    separable = bool(nearest @ nearest > 1e-12)
    assert walk.learned == separable == (walk.cycle is None)
    if separable:
        assert ((SQUARE @ walk.weights[-1][:2] + walk.weights[-1][2] > 0) == answers).all()
        assert walk.updates <= 3 / (nearest @ nearest)
    else:
        np.testing.assert_allclose(shares @ signed, 0, atol=1e-12)


def test_and_or_and_xor_end_as_the_report_says(finding):
    found = {p.name: (p.walk.updates, p.walk.learned) for p in finding.problems}
    assert found == {"and": (10, True), "or": (4, True), "xor": (9, False)}
    assert finding.not_learnable == ("0110", "1001")
    assert len(finding.learnable) == 14


def test_the_weights_of_xor_come_back_to_the_last_bit(finding):
    walk = finding.problems[2].walk
    first, second = walk.cycle
    again = train(SQUARE, np.array((0, 1, 1, 0)), walk.weights[-1], second - first)
    assert again.weights[-1].tobytes() == walk.weights[-1].tobytes()
    assert again.updates > 0


def test_margins_and_bounds_are_those_of_the_known_best_lines(finding):
    both, either, _ = finding.problems
    assert both.margin == pytest.approx(1 / np.sqrt(17))  # (2, 2, -3) / sqrt(17)
    assert either.margin == pytest.approx(1 / 3)  # (2, 2, -1) / 3
    assert both.bound == pytest.approx(51)
    assert either.bound == pytest.approx(27)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ((2, 1, -2), "2 x1 + x2 - 2 = 0"),
        ((-1, 0, 1), "-x1 + 1 = 0"),
        ((0, 1, 0), "x2 = 0"),
        ((0, 0, -1), "-1 = 0"),
    ],
)
def test_a_line_is_written_as_people_write_it(weights, text):
    assert line(np.array(weights, float)) == text
