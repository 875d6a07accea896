"""Importance: against least squares, which decomposes the variance of a balanced grid the same way."""

import dataclasses
import itertools

import numpy as np
import pytest

from chainrule.studies.sweeps import Outcome, Results, importance
from chainrule.studies.sweeps.importance import _corrected, _exact


def results_of(made, score, states=None):
    points = made.points()
    outcomes = [
        Outcome(
            i, p, (states or {}).get(i, "done"), () if (states or {}).get(i) == "diverged" else (s,), 1, 1, 0.0
        )
        for i, (p, s) in enumerate(zip(points, score, strict=True))
    ]
    ranked = sorted(outcomes, key=lambda o: -o.scores[0] if o.scores else np.inf)
    return Results(dataclasses.replace(made, score="accuracy"), tuple(ranked))


def explained(score, *columns):
    """The share of the variance that a free number for each combination of levels explains."""
    cells = [tuple(column[i] for column in columns) for i in range(len(score))]
    levels = sorted(set(cells))
    design = np.array([[cell == level for level in levels] for cell in cells], float)
    fitted = design @ np.linalg.lstsq(design, score, rcond=None)[0]
    return fitted.var() / score.var()


def test_shares_are_those_of_least_squares_and_with_all_interactions_sum_to_one(plan, rng):
    made = plan({"epochs": [1, 2, 3], "dropout": [0.0, 0.2], "activation": ["relu", "tanh", "elu", "selu"]})
    score = rng.normal(size=24)
    found = importance(results_of(made, score))
    columns = {n: [p[n] for p in made.points()] for n in ("epochs", "dropout", "activation")}
    alone = {n: explained(score, c) for n, c in columns.items()}
    assert found.shares == pytest.approx(alone, rel=1e-9)
    assert list(found.shares.values()) == sorted(found.shares.values(), reverse=True)
    for (a, b), share in found.pairs.items():
        assert share == pytest.approx(explained(score, columns[a], columns[b]) - alone[a] - alone[b], abs=1e-9)
    assert len(found.pairs) == 3
    assert sum(found.shares.values()) + sum(found.pairs.values()) < 1
    assert "exact" in found.method


def test_an_additive_score_has_no_interactions_and_a_product_of_signs_nothing_else():
    a, b = map(np.array, zip(*itertools.product([0, 1], [0, 1, 2]), strict=True))
    shares, pairs = _exact(3.0 * a + 1.0 * b, {"a": a, "b": b})
    assert shares == pytest.approx({"a": 2.25 / (2.25 + 2 / 3), "b": 2 / 3 / (2.25 + 2 / 3)})
    assert pairs["a", "b"] == pytest.approx(0, abs=1e-12)
    a, b = map(np.array, zip(*itertools.product([0, 1], [0, 1]), strict=True))
    shares, pairs = _exact((2.0 * a - 1) * (2 * b - 1), {"a": a, "b": b})
    assert (shares, pairs) == ({"a": 0.0, "b": 0.0}, {("a", "b"): 1.0})


def test_what_diverged_counts_as_the_worst(plan):
    made = plan({"learning_rate": [0.01, 0.1, 1.0], "epochs": [1, 2]})
    score = np.array([0.9, 0.92, 0.93, 0.91, 0, 0])
    found = importance(results_of(made, score, {4: "diverged", 5: "diverged"}))
    assert found.shares["learning_rate"] == pytest.approx(
        explained(np.array([0.9, 0.92, 0.93, 0.91, 0.9, 0.9]), [0, 0, 1, 1, 2, 2])
    )


def test_of_a_random_search_chance_alone_has_no_importance(plan, rng):
    ranges = {"learning_rate": {"low": 0.01, "high": 1.0, "log": True}, "dropout": {"low": 0.0, "high": 0.5}}
    made = plan(ranges, search="random:trials=200")
    rates = np.log([p["learning_rate"] for p in made.points()])
    found = importance(results_of(made, rates + 0.1 * rng.normal(size=200)))
    # four bins of a uniform variable hold 15/16 of its variance
    assert found.shares["learning_rate"] == pytest.approx(15 / 16, abs=0.02)
    assert found.shares["dropout"] < 0.05
    assert found.pairs == {}
    raw = [_corrected(rng.normal(size=20), np.arange(20) % 5) for _ in range(300)]
    assert np.median(raw) == 0  # uncorrected it would be about 4/19


def test_of_tpe_the_parameter_that_decides_comes_first(plan, rng):
    pytest.importorskip("optuna")
    made = plan(
        {"learning_rate": {"low": 0.01, "high": 1.0, "log": True}, "dropout": [0.0, 0.2]},
        search="tpe:trials=60",
        score="accuracy",
    )
    points = [made.space.sample(rng) for _ in range(60)]
    outcomes = [
        Outcome(i, p, "done", (-abs(np.log(p["learning_rate"]) + 2),), 1, 1, 0.0) for i, p in enumerate(points)
    ]
    found = importance(Results(made, tuple(outcomes)))
    assert next(iter(found.shares)) == "learning_rate"
    assert "Optuna" in found.method


@pytest.mark.parametrize("score", [[0.5] * 6, [0.5, 0.6]])
def test_where_nothing_differs_nothing_matters(plan, score):
    made = plan({"learning_rate": [0.01, 0.1, 1.0][: len(score) // 2 or 1], "epochs": [1, 2]})
    assert importance(results_of(made, score)) is None
