"""Intervals: Wilson's against scipy's, the bootstrap against what theory says of a mean."""

import numpy as np
import pytest

from chainrule.core.errors import InputError
from chainrule.report.intervals import RESAMPLES, bootstrap, wilson


@pytest.mark.parametrize(
    ("hits", "rows"), [(0, 1), (1, 1), (0, 50), (50, 50), (7, 20), (9810, 10_000), (1, 10**6)]
)
def test_wilson_is_that_of_scipy(hits, rows):
    stats = pytest.importorskip("scipy.stats")
    found = wilson(hits, rows)
    other = stats.binomtest(hits, rows).proportion_ci(method="wilson")
    # the two round differently
    np.testing.assert_allclose([found.low, found.high], [other.low, other.high], rtol=1e-9, atol=1e-15)
    assert 0 <= found.low <= hits / rows <= found.high <= 1


def test_wilson_of_no_rows_is_none():
    assert wilson(0, 0) is None


def test_wilson_covers_the_true_share_about_95_times_in_100(rng):
    for share in (0.5, 0.9, 0.98):
        hits = rng.binomial(200, share, 4000)
        found = [wilson(int(h), 200) for h in hits]
        covered = np.mean([i.low <= share <= i.high for i in found])
        # exact coverage of Wilson's interval wavers between 92 and 98 % at 200 rows
        assert 0.92 < covered < 0.98


def test_the_bootstrap_of_a_mean_is_as_wide_as_theory_says(rng):
    values = rng.exponential(2.0, 2000)
    found = bootstrap(lambda rows: values[rows].mean(), 2000)
    # 1.96 standard errors to each side; percentiles of 1000 resamples are off by some per cent
    half = 1.96 * values.std() / np.sqrt(2000)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert (found.high + found.low) / 2 == pytest.approx(values.mean(), abs=0.2 * half)
    assert found.how == f"bootstrap, {RESAMPLES:,} resamples, seed 0"


def test_the_same_seed_gives_the_same_interval_and_another_another(rng):
    values = rng.normal(size=50)

    def interval(seed):
        return bootstrap(lambda rows: values[rows].mean(), 50, seed)

    assert interval(1) == interval(1)
    assert interval(1).low != interval(2).low


def test_of_many_rows_there_are_fewer_resamples_and_it_says_how_many():
    calls = []
    found = bootstrap(lambda rows: float(len(calls) or calls.append(0) or 0), 10**6)
    assert found.how == "bootstrap, 200 resamples, seed 0"


def undefined(rows):
    raise InputError("not defined of these rows")


@pytest.mark.parametrize(("statistic", "rows"), [(len, 1), (lambda rows: float("nan"), 5), (undefined, 5)])
def test_what_has_no_interval_has_none(statistic, rows):
    assert bootstrap(statistic, rows) is None
