"""Rows, labels and splits: what is healthy though it looks odd is let be, or only remarked on."""

import numpy as np
import pytest

from chainrule.diagnosis.rules import RULES
from tests.diagnosis.rules.looked_at import evidence_of, network, nn, said

rng = np.random.default_rng(1)
X = rng.normal(size=(400, 3)).astype("f4")
YES = (X[:, :1] > 0).astype("f4")
BCEL, CE, MSE = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss(), nn.MSELoss()
XOR, XOR_YES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5), np.array([[0], [1], [1], [0]] * 5, "f4")


def yes(n):
    """So many of the 400 rows say yes."""
    return (np.arange(400) < n).astype("f4")[:, None]


def evidence(y=YES, x=X, last=1, loss=BCEL, recall=None, right=float("nan"), **settings):
    found = evidence_of(network(x.shape[1], 8, last), x, y, loss, **settings)
    found.recall, found.right = recall or {}, right
    return found


def test_one_label_of_all_rows_is_a_warning_and_of_almost_all_only_where_the_others_are_lost():
    assert said("one-label", evidence(yes(0))) == ["WARN"]
    assert said("one-label", evidence(yes(1), recall={0: 1.0, 1: 1.0})) == ["INFO"]
    assert said("one-label", evidence(yes(1), recall={0: 1.0, 1: 0.0})) == ["INFO"]  # one row is chance
    many = np.vstack([X] * 3), np.vstack([yes(2)] * 3)
    assert said("one-label", evidence(many[1], many[0], recall={0: 1.0, 1: 0.0})) == ["WARN"]
    assert said("one-label", evidence(yes(40), recall={0: 1.0, 1: 0.0})) == []


def test_a_constant_quantity_is_a_warning():
    assert said("one-label", evidence(7 + 0 * YES, loss=MSE, told="values")) == ["WARN"]
    assert said("one-label", evidence(X[:, :1], loss=MSE)) == []


def test_imbalance_is_a_fault_only_where_the_rare_class_is_missed():
    nine, twenty = yes(40), yes(20)
    assert said("class-imbalance", evidence(nine, recall={0: 1.0, 1: 0.0}, right=0.9)) == []
    assert said("class-imbalance", evidence(twenty, recall={0: 1.0, 1: 0.9}, right=0.99)) == ["INFO"]
    assert said("class-imbalance", evidence(twenty, recall={0: 1.0, 1: 0.0}, right=0.95)) == ["WARN"]
    assert said("class-imbalance", evidence(yes(4), recall={0: 1.0, 1: 0.0}, right=0.99)) == ["INFO"]
    # few of the rare are found, but answers are clearly better than a constant's
    assert said("class-imbalance", evidence(twenty, recall={0: 1.0, 1: 0.29}, right=0.98)) == ["INFO"]


def test_rows_that_repeat_without_contradiction_are_no_conflict():
    assert said("conflicting-rows", evidence(XOR_YES, XOR)) == []


def test_values_of_equal_rows_may_differ():
    assert said("conflicting-rows", evidence(rng.normal(size=(20, 1)), XOR, loss=MSE)) == []


@pytest.mark.parametrize(("skill", "severity"), [(0.0, "WARN"), (0.4, "INFO")])
def test_contradictions_are_a_warning_only_where_little_is_learned(skill, severity):
    y = XOR_YES.copy()
    y[:8] = 1 - y[:8]
    assert said("conflicting-rows", evidence(y, XOR, skill=skill)) == [severity]


def test_a_few_contradictions_are_only_remarkable_even_where_nothing_is_learned():
    y = XOR_YES.copy()
    y[0] = 1 - y[0]
    assert said("conflicting-rows", evidence(y, XOR, skill=0.0)) == ["INFO"]


def test_shared_rows_of_whole_numbers_may_be_chance():
    assert said("shared-rows", evidence(XOR_YES, XOR, validation=(XOR, XOR_YES))) == ["INFO"]
    assert said("shared-rows", evidence(XOR_YES[:4], XOR[:4], validation=(XOR[:4], XOR_YES[:4]))) == ["INFO"]
    assert said("shared-rows", evidence(XOR_YES, XOR + 0.5, validation=(XOR + 0.5, XOR_YES))) == ["INFO"]
    assert said("shared-rows", evidence(validation=(X[:50], YES[:50]))) == ["WARN"]
    assert said("shared-rows", evidence(validation=(X[:50] + 1, YES[:50]))) == []
    assert said("shared-rows", evidence()) == []


SORTED = np.sort(YES, axis=0)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"shuffle": False}, ["WARN"]),
        ({"shuffle": False, "skill": 0.95}, ["INFO"]),
        ({"shuffle": False, "batch_size": 400}, []),
        ({"shuffle": True}, []),
        ({"shuffle": False, "before_epoch": lambda X, y, rng: (X, y)}, []),
    ],
)
def test_sorted_labels_harm_only_where_batches_hold_one_class(settings, expected):
    assert said("sorted-labels", evidence(SORTED, **settings)) == expected


def test_classes_that_training_never_sees_are_named():
    y = rng.integers(0, 3, 400)
    few = (X[:10], np.full(10, 2))
    assert said("unseen-classes", evidence(y, last=3, loss=CE, validation=(X[:60], y[:60]))) == []
    assert said("unseen-classes", evidence(y % 2, last=3, loss=CE, validation=(X[:60], y[:60]))) == ["WARN"]
    assert said("unseen-classes", evidence(y, last=3, loss=CE, validation=(X[:60], 0 * y[:60]))) == ["WARN"]
    assert said("unseen-classes", evidence(y, last=3, loss=CE, validation=few)) == []  # ten rows are chance


def test_few_rows_are_only_remarkable():
    assert said("small-split", evidence(XOR_YES[:4], XOR[:4])) == ["INFO"]
    assert said("small-split", evidence(batch_size=1000)) == ["INFO"]
    assert said("small-split", evidence(validation=(X[:1], YES[:1]))) == ["INFO"]
    assert said("small-split", evidence(validation=(X[:60], YES[:60]))) == []


@pytest.mark.parametrize("where", ["X", "y"])
def test_the_first_number_that_is_none_is_named(where):
    x, y = X.copy(), YES.copy()
    (x if where == "X" else y)[3, 0] = np.inf
    found = evidence(y, x)
    (finding,) = RULES["data-not-finite"]().check(found)
    assert finding.where == f"{where}[3, 0]"
    assert said("data-not-finite", evidence()) == []


def test_a_border_of_constant_pixels_is_only_remarkable():
    x = X.copy()
    x[:, 1] = 0
    assert said("constant-columns", evidence(x=x)) == ["INFO"]
    assert said("constant-columns", evidence(x=0 * X)) == ["ERROR"]
    assert said("constant-columns", evidence()) == []


def test_a_feature_that_is_the_target_is_named_and_the_only_one_is_let_be():
    assert said("target-in-features", evidence(X[:, 1:2], loss=MSE)) == ["WARN"]
    assert said("target-in-features", evidence(X[:, :1], X[:, :1] + 1, loss=MSE)) == []
    assert said("target-in-features", evidence(2 * X[:, 1:2], loss=MSE)) == []


def test_an_autoencoder_learns_its_features_on_purpose():
    assert said("target-in-features", evidence_of(network(3, 2, 3), X, X, MSE)) == []
    assert said("target-in-features", evidence_of(network(3, 8, 3), X, X, MSE)) == ["INFO"]


def test_where_one_row_of_many_is_all_there_is_to_find_nothing_is_called_ill():
    """Skill is 0 or 1 as that row is missed or found: chance. Of four rows, two tell."""
    assert not evidence(yes(1), skill=0.0).ill
    assert evidence(yes(40), skill=0.0).ill
    assert evidence(XOR_YES[:4], XOR[:4], skill=0.0).ill
