"""Pictures of sweeps hold the numbers they were given: read back from the figures."""

import itertools

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from chainrule import plots

ROWS = [
    {"a": a, "b": b, "c": c, "error": 100.0 * a + 10 * i + j}
    for a, (i, b), (j, c) in itertools.product([1, 2], enumerate(["x", "y", "z"]), enumerate([0.1, 0.01]))
]


def drawn(ax):
    return {line.get_label(): np.array(line.get_ydata()) for line in ax.lines}


def test_effects_join_the_best_and_the_medians_of_each_value():
    a, b, c = plots.effects(ROWS, ["a", "b", "c"], "error", higher_is_better=False).axes
    assert drawn(a)["best"].tolist() == [100, 200]
    assert drawn(a)["median"].tolist() == [110.5, 210.5]
    assert drawn(b)["best"].tolist() == [100, 110, 120]
    assert [t.get_text() for t in b.get_xticklabels()] == ["x", "y", "z"]
    assert [t.get_text() for t in c.get_xticklabels()] == ["0.01", "0.1"]  # numbers by size
    assert drawn(c)["best"].tolist() == [101, 100]
    best = drawn(plots.effects(ROWS, ["a"], "error").axes[0])["best"]
    assert best.tolist() == [121, 221]


def test_effects_put_what_has_no_result_on_the_side_of_the_worst():
    rows = [{"a": 1, "r": 0.5}, {"a": 2, "r": 0.9}, {"a": 3, "r": None}]
    for higher, edge in ((True, 0.5), (False, 0.9)):
        (ax,) = plots.effects(rows, ["a"], "r", higher).axes
        assert drawn(ax)["no result"].tolist() == [edge]
        assert np.isnan(drawn(ax)["best"][2])


def test_effects_of_a_range_are_dots_where_they_are():
    rows = [{"rate": 10.0**-k, "r": k} for k in range(12)]
    (ax,) = plots.effects(rows, ["rate"], "r").axes
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [10.0**-k for k in range(12)])
    assert ax.get_xscale() == "log"


def test_planes_are_a_table_for_each_pair_of_the_outer_settings():
    made = plots.planes([{**row, "d": 7} for row in ROWS], ["a", "c", "b", "d"], "error", higher_is_better=False)
    assert [ax.get_title("left") for ax in made.axes] == ["b x", "b y", "b z"]
    first = made.axes[0]
    assert [t.get_text() for t in first.texts] == ["101", "201", "100", "200"]  # row 0.01, then 0.1
    opacity = np.asarray(first.images[0].get_array())[..., 3]
    assert opacity[1, 0] > opacity[0, 0] > opacity[1, 1]  # lower is better
    framed = [ax for ax in made.axes if ax.patches]
    assert framed == [first]
    assert first.patches[0].get_xy() == pytest.approx((-0.48, 0.52))  # a = 1, c = 0.1: error 100


def test_planes_cross_out_what_failed_and_average_what_shares_a_cell():
    rows = [
        {"x": 1, "y": 1, "r": 2.0},
        {"x": 1, "y": 1, "r": 4.0},
        {"x": 2, "y": 1, "r": None},
        {"x": 2, "y": 2, "r": 5.0},
    ]
    (ax,) = plots.planes(rows, ["x", "y"], "r").axes
    assert [t.get_text() for t in ax.texts] == ["3", "5"]
    assert [line.get_marker() for line in ax.lines] == ["x"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("result", [None, 0.0, 1e300, float("nan")])
def test_pictures_of_sweeps_stand_any_result(tmp_path, dark, result):
    rows = [{"a": 1, "b": "$x$", "r": result}, {"a": 2, "b": "long " * 60, "r": 1.0}]
    for made in (plots.effects(rows, ["a", "b"], "r", dark=dark), plots.planes(rows, ["a", "b"], "r", dark=dark)):
        plots.save(made, tmp_path / "picture.svg")
