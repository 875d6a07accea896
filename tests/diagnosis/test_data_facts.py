"""Facts of rows and labels against naive readings of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chainrule.diagnosis.data_facts import data_facts, row_keys
from chainrule.diagnosis.tasks import Task, recalls, skill, task_of

few = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 3e7])  # so that rows repeat
rows = st.integers(1, 4).flatmap(
    lambda d: arrays(np.float64, st.tuples(st.integers(1, 30), st.just(d)), elements=few)
)


def plain(X):
    """Rows as things that can be compared: -0 is 0."""
    return [tuple(row) for row in (X + 0.0).tolist()]


@settings(deadline=None, max_examples=50)
@given(rows)
def test_rows_have_equal_keys_exactly_where_they_are_equal(X):
    keys, told = row_keys(X).tolist(), plain(X)
    for i in range(len(X)):
        for j in range(i):
            assert (keys[i] == keys[j]) == (told[i] == told[j])


def test_keys_know_the_order_of_columns_and_single_bits(rng):
    X = rng.normal(size=(2000, 3))
    near = np.nextafter(X, 9)
    for other in (X[:, ::-1], near, -X):
        assert not np.isin(row_keys(other), row_keys(X)).any()


@settings(deadline=None, max_examples=50)
@given(rows, st.data())
def test_shares_of_repeated_conflicting_and_distinct_rows_are_those_counted_one_by_one(X, data):
    y = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(X), max_size=len(X))))
    facts = data_facts(X, y, Task("classes", "index", 3))
    told = plain(X)
    groups = {row: [label for other, label in zip(told, y, strict=True) if other == row] for row in set(told)}
    repeated = sum(len(g) for g in groups.values() if len(g) > 1)
    conflicts = sum(len(g) - max(g.count(label) for label in g) for g in groups.values())
    assert facts.distinct_rows == len(groups)
    assert facts.repeated == pytest.approx(repeated / len(X))
    assert facts.conflicts == pytest.approx(conflicts / len(X))


@settings(deadline=None, max_examples=50)
@given(rows, st.data())
def test_the_share_of_validation_rows_that_training_has_is_that_counted_one_by_one(X, data):
    held = data.draw(arrays(np.float64, (7, X.shape[1]), elements=few))
    facts = data_facts(X, np.zeros(len(X)), Task("values", "values", 1), (held, np.zeros(7)))
    assert facts.shared == pytest.approx(np.mean([row in plain(X) for row in plain(held)]))


def test_labels_are_counted_in_training_and_validation(rng):
    X, y = rng.normal(size=(9, 2)), np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])
    facts = data_facts(X, y, task_of(X, y), (X[:3], np.array([1, 1, 7])))
    assert facts.counts == {0: 4, 1: 2, 2: 3}
    assert facts.held_counts == {1: 2, 7: 1}


def test_one_hot_labels_are_counted_by_class(rng):
    y = np.eye(3)[[0, 2, 2, 1]]
    facts = data_facts(
        rng.normal(size=(4, 2)), y, Task("classes", "one_hot", 3), (rng.normal(size=(2, 2)), y[1:3])
    )
    assert facts.counts == {0: 1, 1: 1, 2: 2}
    assert facts.held_counts == {2: 2}


def test_sorted_labels_are_seen_and_shuffled_ones_are_not(rng):
    X, y = rng.normal(size=(60, 2)), np.repeat([0, 1, 2], 20)
    assert data_facts(X, y, task_of(X, y)).sorted_labels
    mixed = rng.permutation(y)
    assert not data_facts(X, mixed, task_of(X, mixed)).sorted_labels


def test_the_column_that_is_the_target_is_found(rng):
    X = rng.normal(size=(20, 3))
    assert data_facts(X, X[:, 1], task_of(X, X[:, 1])).copied == 1
    almost = X[:, 1].copy()
    almost[7] += 1
    assert data_facts(X, almost, task_of(X, almost)).copied is None


def test_the_first_number_that_is_none_is_named_by_row_and_column(rng):
    X = rng.normal(size=(20, 3))
    X[4, 2], X[9, 0] = np.inf, np.nan
    facts = data_facts(X, np.zeros(20), Task("values", "values", 1))
    assert not facts.finite
    assert facts.first_bad == ("X", 4, 2)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 4), st.integers(5, 40), st.integers(0, 1000))
def test_recall_by_class_gives_the_skill(k, n, seed):
    """Right answers are the sum over classes of their rows times their recall; skill counts the wrong ones."""
    rng = np.random.default_rng(seed)
    y, out = rng.integers(0, k, n), rng.normal(size=(n, k))
    task = Task("classes", "index", k)
    counts = np.bincount(y, minlength=k)
    right = sum(counts[int(name)] * share for name, share in recalls(task, out, y).items())
    if counts.max() < n:
        assert skill(task, out, y) == pytest.approx(1 - (n - right) / (n - counts.max()))


@pytest.mark.parametrize(("low", "cut"), [(0, 0.5), (-1, 0.0)])
def test_recall_of_yes_and_no(low, cut):
    y = np.array([low, low, 1, 1, 1])[:, None]
    out = np.array([-2.0, 2.0, 2.0, 2.0, -2.0])[:, None]
    assert recalls(Task("yes_no", "index", 1), out, y, cut) == pytest.approx({low: 1 / 2, 1: 2 / 3})


def test_several_labels_and_values_have_no_recall_by_class():
    assert recalls(Task("labels", "one_hot", 2), np.ones((3, 2)), np.ones((3, 2))) == {}
    assert recalls(Task("values", "values", 1), np.ones((3, 1)), np.ones((3, 1))) == {}
