"""The data of the cases: what the words ask for is what is drawn."""

import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule.core.errors import MissingExtraError
from chainrule.diagnosis.cases.asked import KINDS, Asked
from chainrule.diagnosis.cases.data import draw, friedman
from chainrule.diagnosis.cases.formulas import formula_in
from chainrule.diagnosis.cases.reading import NotRunError


def drawn(kind, prose="", task="regression", d=1, units=1, folder=Path(), seed=0, **data):
    asked = Asked({"kind": kind, **data}, task, d, units, prose.lower(), folder)
    return draw(asked, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("words", "x", "y"),
    [
        ("y=x^2", 3, 9),
        ("x in [0,5), y=5x^2 + 1", 2, 21),
        ("y = x/2, x up to 25", 5, 2.5),
        ("y=x^4 (up to 1e8)", 2, 16),
        ("y = 2(x - 1), 100 rows", 4, 6),
        ("y=sin(2x) + pi", 0, np.pi),
        ("y=-x^2; noise", 2, -4),
        ("targets y=3", 7, 3),
    ],
)
def test_formulas_are_read_from_words(words, x, y):
    formula = formula_in(words)
    assert formula.of(np.array([float(x)]), np.random.default_rng(0)) == pytest.approx([y])


@pytest.mark.parametrize(
    "words",
    ["no formula", "y=f(x)", "y=__import__('os')", "y=x.real", "y=(1).__class__", "y=9**9**9**9", "y=open(x)", "y=",
     "y=[x]", "y=1/0", "y=lambda: x", "y=1e300*x*1e300", "y=" + "(" * 90 + "x"],
)  # fmt: skip
def test_nothing_else_is_a_formula(words):
    assert formula_in(words) is None


def test_noise_in_a_formula_is_a_standard_normal_number():
    noise = formula_in("y = n").of(np.zeros(10_000), np.random.default_rng(0))
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert noise.std() == pytest.approx(1, abs=0.05)


def test_a_kind_that_is_not_listed_is_drawn_from_its_formula():
    found = drawn("cubic_function", "50 points x in [-2,2], y=x^3")
    assert found.X.shape == (50, 1)
    assert (found.X.min(), found.X.max()) == (-2, 2)
    assert np.allclose(found.y, found.X[:, 0] ** 3)


def test_features_made_of_x():
    found = drawn("inline", "features (x^2, x) for x=0..3, y=x^2, summed loss")
    assert found.X.tolist() == [[0, 0], [1, 1], [4, 2], [9, 3]]
    assert found.y.tolist() == [0, 1, 4, 9]


def test_rows_that_the_settings_hold():
    found = drawn("inline", task="multiclass", X=[[1, 2], [3, 4]], y=[0, 3])
    assert (found.X.tolist(), found.y.tolist(), found.classes) == ([[1, 2], [3, 4]], [0, 3], 4)


def test_friedmans_function_is_scikit_learns():
    sklearn = pytest.importorskip("sklearn.datasets")
    X, y = sklearn.make_friedman1(50, 7, random_state=0)
    assert np.allclose(friedman(X), y)


@pytest.mark.parametrize(("kind", "answers"), [("xor", [0, 1, 1, 0]), ("and_gate", [0, 0, 0, 1]), ("or_gate", [0, 1, 1, 1])])  # fmt: skip
def test_tables_of_truth(kind, answers):
    found = drawn(kind, task="binary", d=2)
    assert (found.X.tolist(), found.y.tolist()) == ([[0, 0], [0, 1], [1, 0], [1, 1]], answers)


def test_a_table_has_what_the_words_say():
    raw = drawn("adult_substitute", "census: capital-gain up to 1e5, unscaled; 24% positives", "binary", 14, 2)
    assert raw.y.mean() == pytest.approx(0.24, abs=0.01)
    assert 5e4 < raw.X.max() < 2e5
    assert raw.X.std(axis=0).max() > 100 * raw.X.std(axis=0).min()
    unit = drawn("csv_substitute", "5 features min-max scaled, target in thousands", d=5)
    assert (unit.X.min(), unit.X.max()) == (0, 1)
    assert unit.y.mean() > 1000
    one = drawn("csv_substitute", "almost all labels equal", "binary", 2)
    assert np.bincount(one.y).tolist() == [1, 199]


def test_a_noisy_table_is_harder_than_a_separable_one():
    """A straight line through the columns tells the labels of one, and not of the other."""

    def told(words):
        found = drawn("pima_substitute", f"{words}, standardised, 35% positives", "binary", 8)
        X = np.column_stack([found.X, np.ones(len(found.X))])
        w, *_ = np.linalg.lstsq(X, 2.0 * found.y - 1, rcond=None)
        return ((X @ w > 0) == found.y).mean()

    assert told("separable") > told("noisy") + 0.1


def test_mistaken_inputs_are_the_targets():
    mistaken = drawn("grid", "script passes the targets as inputs", d=2, units=2)
    assert np.array_equal(mistaken.X, mistaken.y)
    meant = drawn("grid", "script passes the targets as inputs", d=2, units=2, inputs="intended")
    assert np.allclose(meant.X[:, 1], meant.y[:, 0] * meant.y[:, 1])


def test_arrays_are_read_beside_the_file_of_cases(tmp_path, rng):
    X, y = rng.normal(0, 1, (6, 2)), np.array([0, 1, 2, 0, 1, 2])
    for name, array in (("a", X), ("b", y), ("c", X[:2]), ("d", y[:2])):
        np.save(tmp_path / f"{name}.npy", array)
    files = {"X": "a.npy", "y": "b.npy", "validation_X": "c.npy", "validation_y": "d.npy"}
    found = drawn("arrays", task="multiclass", folder=tmp_path, **files)
    assert np.array_equal(found.X, X)
    assert (found.y.dtype.kind, found.classes) == ("i", 3)
    assert np.array_equal(found.held[0], X[:2])
    assert drawn("arrays", task="regression", folder=tmp_path, X="a.npy", y="b.npy").classes == 0
    with pytest.raises(NotRunError, match="no 'y'"):
        drawn("arrays", folder=tmp_path, X="a.npy")


def test_a_missing_scikit_learn_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match=r"chainrule\[sklearn\]"):
        drawn("make_moons", task="binary", d=2)


def test_an_unknown_kind_offers_the_nearest():
    with pytest.raises(NotRunError, match="Did you mean 'make_moons'"):
        drawn("make_moon")
    assert "make_moons" in KINDS
