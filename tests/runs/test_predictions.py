"""Predictions as a table: it parses back, and no cell of it is run by a spreadsheet."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.core.errors import NotFittedError
from chainrule.runs.predictions import predictions, to_csv
from chainrule.targets import Classes, Values


def parsed(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def classifier(names, seed=0):
    outputs = 1 if len(names) == 2 else len(names)
    loss = "binary_cross_entropy" if len(names) == 2 else "cross_entropy"
    return cr.MLP([3, outputs], loss=loss, target=Classes(names), seed=seed)


@pytest.mark.parametrize("names", [("cat", "dog"), ("cat", "dog", "emu")])
def test_classes_come_with_the_probability_of_each(rng, names):
    X = rng.normal(size=(20, 3))
    network = classifier(names)
    header, rows = predictions(network, X)
    assert header == ["prediction", *(f"p({name})" for name in names)]
    p = network.predict_proba(X)
    assert [row[0] for row in rows] == [names[i] for i in p.argmax(axis=1)]
    assert np.array_equal(np.array([row[1:] for row in rows]), p)
    assert np.allclose(p.sum(axis=1), 1, atol=1e-6)


def test_values_come_in_the_unit_of_the_target(rng):
    network = cr.MLP([3, 2], loss="mean_squared_error", target=Values(("a", "b"), (1e5, 0.0), (1e4, 1.0)))
    X = rng.normal(size=(20, 3))
    header, rows = predictions(network, X)
    assert header == ["a", "b"]
    assert np.array_equal(np.array(rows), network.predict(X))


def test_numbers_come_back_bit_by_bit(rng):
    values = np.concatenate([rng.normal(size=50), [0.0, -0.0, 1e-45, 3.4e38, 1 / 3, 1e9]]).astype(np.float32)
    text = to_csv(["y"], [[float(value)] for value in values])
    assert np.array_equal(np.array([row[0] for row in parsed(text)[1:]], np.float32), values)


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-x", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(name):
    text = to_csv(["prediction", name], [[name, 0.5]])
    header, row = parsed(text)
    assert header[1] == row[0] == "'" + name


@pytest.mark.parametrize("name", ["-1", "+2.5", "-1e9", "cat", "a=b", "", "'"])
def test_a_number_or_a_plain_text_is_left_as_it_is(name):
    assert parsed(to_csv(["prediction"], [[name, 1.0]]))[1][0] == name


@settings(deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            st.floats(width=32, allow_nan=False),
        )
    )
)
def test_whatever_the_classes_are_called_the_table_parses_back(rows):
    header, *found = parsed(to_csv(["prediction", "p"], [list(row) for row in rows]))
    assert header == ["prediction", "p"]
    assert len(found) == len(rows)
    for (name, value), (cell, number) in zip(rows, found, strict=True):
        assert cell in (name, "'" + name)
        assert np.float32(number) == np.float32(value)


def test_a_model_without_a_meaning_gives_no_predictions():
    with pytest.raises(NotFittedError, match="its outputs have no meaning; train it first"):
        predictions(cr.MLP([3, 2]), np.zeros((1, 3)))
    with pytest.raises(NotFittedError, match="its outputs have no meaning"):
        predictions(cr.MLP([3, 2], loss="cross_entropy"), np.zeros((1, 3)))


def test_a_loss_without_probabilities_gives_the_prediction_alone(trained):
    run, _, _ = trained("run", source="moons:n=50", loss="hinge")
    X, _ = run.data.test
    header, rows = predictions(run.network, X)
    assert header == ["prediction"]
    assert [row[0] for row in rows] == [str(label) for label in run.network.predict(X)]
