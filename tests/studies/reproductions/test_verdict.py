"""The rule of verdicts against cases reckoned by hand, and against what it promises."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.studies.reproductions.recipe import Figure
from chainrule.studies.reproductions.running import Outcome
from chainrule.studies.reproductions.verdict import allowed, best_of, deviation, judge

COUNTS = st.lists(st.integers(9000, 9999), min_size=2, max_size=7)


class Asked:
    """As much of a recipe as the rule reads."""

    def __init__(self, figure, hours=False):
        self.figure, self.hours = figure, hours


def outcomes(last, best=None, failure=None):
    return [
        Outcome(n, b, 1, 10_000, 1, 1, 1.0, "numpy", 1, failure) for n, b in zip(last, best or last, strict=True)
    ]


def figure(value, measure="accuracy", step=0.01, **settings):
    return Figure(measure, value, step, "nothing", **settings)


def test_a_single_run_by_hand():
    # mean 95, s = 0.1; 2 sqrt(0.1^2 / 5 + 0.1^2 + 0.01^2 / 12) = 0.2192
    spread = [9490, 9490, 9500, 9510, 9510]
    s = math.sqrt(4 * 0.1**2 / 4)
    tolerance = 2 * math.sqrt(s**2 / 5 + s**2 + 0.01**2 / 12)
    assert tolerance == pytest.approx(0.2192, abs=1e-4)
    for value, word in [
        (95.0, "agrees"),
        (95.21, "agrees"),
        (95.23, "worse"),
        (94.79, "agrees"),
        (94.77, "better"),
    ]:
        found = judge(Asked(figure(value)), outcomes(spread))
        assert (found.word, found.mean, found.tolerance) == (word, 95.0, pytest.approx(tolerance))
        assert found.difference == pytest.approx(95.0 - value)
        assert found.error == pytest.approx(0.1 / math.sqrt(5))


def test_of_errors_less_is_better():
    for value, word in [(5.0, "agrees"), (4.7, "worse"), (5.3, "better")]:
        found = judge(Asked(figure(value, "error")), outcomes([9490, 9490, 9500, 9510, 9510]))
        assert (found.word, found.mean, found.ours) == (word, pytest.approx(5.0), pytest.approx(5.0))


def test_a_mean_of_five_is_surer_than_a_single_run():
    s, m = 0.1, 5
    assert allowed(figure(95.0, pick="mean", runs=5), s, m) == pytest.approx(
        2 * math.sqrt(2 * s**2 / 5 + 0.01**2 / 12)
    )
    assert allowed(figure(95.0), s, m) > allowed(figure(95.0, pick="mean", runs=5), s, m)


def test_the_sources_own_spread_counts_in_its_place_and_is_never_undercut():
    assert allowed(figure(95.0, pick="mean", runs=15, spread=0.3), 0.01, 5) == 0.3
    wide = allowed(figure(95.0, spread=0.3), 0.1, 5)
    assert wide == pytest.approx(2 * math.sqrt(0.1**2 / 5 + 0.3**2 + 0.01**2 / 12))


def test_rounding_alone_is_allowed_for():
    found = judge(Asked(figure(95.0, step=1.0)), outcomes([9550, 9550]))
    assert (found.word, found.tolerance) == ("agrees", pytest.approx(2 / math.sqrt(12)))


def test_the_best_of_three_by_hand():
    # of 1, 2, 3, 4: the subsets of three have the largest 3, 4, 4, 4
    assert best_of([4, 1, 3, 2], 3) == pytest.approx(15 / 4)
    found = judge(Asked(figure(95.0, pick="best", runs=3)), outcomes([9500, 9510, 9520, 9530]))
    assert found.ours == pytest.approx((95.2 + 3 * 95.3) / 4)
    assert found.mean == pytest.approx(95.15)
    s = deviation([95.0, 95.1, 95.2, 95.3])
    assert found.tolerance == pytest.approx(2 * math.sqrt(s**2 * 3 / 4 + s**2 + 0.01**2 / 12))


def test_the_best_epoch_is_compared_where_the_source_took_it_and_the_last_is_shown():
    taken = outcomes([9490, 9500, 9510], best=[9590, 9600, 9610])
    found = judge(Asked(figure(96.0, epoch="best")), taken)
    assert (found.word, found.mean, found.ours) == ("agrees", pytest.approx(95.0), pytest.approx(96.0))
    assert judge(Asked(figure(96.0)), taken).word == "worse"


def test_what_cannot_be_judged_is_not():
    assert judge(Asked(figure(95.0)), []).word == "not run"
    assert judge(Asked(figure(95.0), hours=True), []).why == "takes hours"
    alone = judge(Asked(figure(95.0)), outcomes([9500]))
    assert (alone.word, alone.mean, math.isnan(alone.ours)) == ("undecided", 95.0, True)
    assert judge(Asked(figure(95.0, pick="best", runs=3)), outcomes([9500, 9600])).word == "undecided"
    failed = outcomes([9500, 9600]) + outcomes([0], failure="the loss is nan")
    found = judge(Asked(figure(95.0)), failed)
    assert (found.word, found.why) == ("not reproducible", "1 of 3 seeds diverged: the loss is nan")


@settings(deadline=None)
@given(COUNTS, st.integers(1, 7))
def test_the_best_of_r_is_the_mean_over_all_subsets(counts, r):
    r = min(r, len(counts))
    largest = [max(subset) for subset in itertools.combinations(counts, r)]
    assert best_of(counts, r) == pytest.approx(np.mean(largest))
    assert best_of(counts, 1) == pytest.approx(np.mean(counts))
    assert best_of(counts, len(counts)) == max(counts)


@settings(deadline=None)
@given(COUNTS, st.floats(50, 99.9), st.sampled_from(["accuracy", "error"]), st.sampled_from(["single", "mean"]))
def test_the_word_follows_from_difference_and_tolerance(counts, value, measure, pick):
    printed = value if measure == "accuracy" else 100 - value
    runs = 1 if pick == "single" else 5
    found = judge(Asked(figure(printed, measure, pick=pick, runs=runs)), outcomes(counts))
    assert found.difference == pytest.approx(np.mean(counts) / 100 - value)
    assert found.tolerance > 0
    assert found.spread == pytest.approx(np.std(counts, ddof=1) / 100)
    expected = (
        "agrees" if abs(found.difference) <= found.tolerance else "better" if found.difference > 0 else "worse"
    )
    assert found.word == expected
    assert f"{abs(found.difference):.2f}" in found.why


@settings(deadline=None)
@given(COUNTS, st.floats(50, 99.9))
def test_an_error_and_the_accuracy_it_leaves_have_one_verdict(counts, value):
    one, other = figure(value), figure(100 - value, "error")
    a, b = (judge(Asked(each), outcomes(counts)) for each in (one, other))
    assert a.difference == pytest.approx(b.difference)
    assert a.tolerance == b.tolerance


def test_two_of_a_kind_agree_about_as_often_as_two_standard_errors_promise():
    """Ours and theirs drawn from one law: a normal exceeds two standard errors in 4.6 % of cases, and s of five
    seeds stands for the true spread, which makes it Student's t with 4 degrees of freedom: 11.6 %."""
    rng = np.random.default_rng(0)
    draws = rng.normal(9500, 30, (2000, 6)).round().astype(int)
    words = [judge(Asked(figure(row[0] / 100)), outcomes(row[1:].tolist())).word for row in draws]
    # 11.6 % of 2000 errs by 0.7 points; four of those
    assert words.count("agrees") / 2000 == pytest.approx(1 - 0.116, abs=0.029)
