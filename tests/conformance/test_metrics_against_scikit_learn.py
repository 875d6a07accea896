"""Metrics against scikit-learn's own, to rounding, wherever it has a number; and what holds where it has none."""

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.metrics import METRICS

peer = pytest.importorskip("sklearn.metrics")

few = settings(deadline=None, max_examples=25)
AVERAGES = ("macro", "micro", "weighted")
ROWS = st.integers(1, 25)
# Few different numbers, so that ties are common, and any numbers, so that they are not.
SHARE = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.floats(0, 1, allow_subnormal=False))
SCORE = st.one_of(st.integers(-2, 2).map(float), st.floats(-1e6, 1e6))
VALUE = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e3, 1e3))


def same(ours, theirs):
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12, nan_ok=True)


def theirs(function, *data, **given):
    """scikit-learn's number; it warns where a class is missing, which is what these cases are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*data, **given)


@st.composite
def decisions(draw):
    """Labels and predictions: of one class up to five, not all of which occur or are predicted."""
    n, labels = draw(ROWS), st.sampled_from(draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)))
    return [draw(arrays.arrays(np.intp, n, elements=labels)) for _ in range(2)]


@st.composite
def answers(draw, elements):
    """Several yes-or-no answers a row, and as many predictions."""
    shape = (draw(ROWS), draw(st.integers(2, 4)))
    return draw(arrays.arrays(np.intp, shape, elements=st.integers(0, 1))), draw(
        arrays.arrays(float, shape, elements=elements)
    )


@st.composite
def yes_or_no(draw, elements):
    n = draw(ROWS)
    truth = draw(arrays.arrays(np.intp, n, elements=st.integers(0, 1)))
    return truth, draw(arrays.arrays(float, n, elements=elements))


@st.composite
def several_classes(draw, dtype=float):
    """Labels of three to five classes, of which some may not occur, and probabilities with many ties."""
    n, k = draw(ROWS), draw(st.integers(3, 5))
    truth = draw(arrays.arrays(np.intp, n, elements=st.integers(0, k - 1)))
    weights = st.one_of(st.integers(0, 3).map(float), st.floats(0, 3, allow_subnormal=False))
    p = draw(arrays.arrays(float, (n, k), elements=weights)) + 0.0625
    return truth, (p / p.sum(axis=1, keepdims=True)).astype(dtype)


@few
@given(data=decisions())
def test_precision_recall_and_f1_of_classes(data):
    for name in ("precision", "recall", "f1"):
        function = getattr(peer, f"{name}_score")
        for average in AVERAGES:
            expected = theirs(function, *data, average=average, zero_division=0)
            same(METRICS.make({"name": name, "average": average})(*data), expected)


@few
@given(data=yes_or_no(st.sampled_from([0, 1])))
def test_precision_recall_and_f1_of_class_1_alone(data):
    truth, predicted = data[0], data[1].astype(int)
    for name in ("precision", "recall", "f1"):
        expected = theirs(getattr(peer, f"{name}_score"), truth, predicted, average="binary", zero_division=0)
        same(METRICS.make(f"{name}:average=binary")(truth, predicted), expected)


@few
@given(data=answers(st.sampled_from([0, 1])))
def test_precision_recall_and_f1_of_several_answers(data):
    truth, predicted = data[0], data[1].astype(int)
    for name in ("precision", "recall", "f1"):
        for average in AVERAGES:
            expected = theirs(getattr(peer, f"{name}_score"), truth, predicted, average=average, zero_division=0)
            same(METRICS.make({"name": name, "average": average})(truth, predicted), expected)


@few
@given(data=decisions(), several=answers(st.sampled_from([0, 1])))
def test_balanced_accuracy_and_its_mean_over_several_answers(data, several):
    metric = METRICS.make("balanced_accuracy")
    same(metric(*data), theirs(peer.balanced_accuracy_score, *data))
    truth, predicted = several[0], several[1].astype(int)
    columns = [theirs(peer.balanced_accuracy_score, t, p) for t, p in zip(truth.T, predicted.T, strict=True)]
    same(metric(truth, predicted), np.mean(columns))


@few
@given(data=several_classes(), k=st.integers(1, 4), two=yes_or_no(SHARE))
def test_top_k_with_ties_to_the_lower_class(data, k, two):
    truth, p = data
    classes = p.shape[1]
    # scikit-learn takes the higher of equal ones: so it is handed the classes in reverse
    expected = theirs(peer.top_k_accuracy_score, classes - 1 - truth, p[:, ::-1], k=k, labels=range(classes))
    metric = METRICS.make({"name": "top_k", "k": k})
    same(metric(truth, p), expected)
    same(metric(*two), theirs(peer.top_k_accuracy_score, *two, k=k, labels=[0, 1]))


@few
@given(data=several_classes())
def test_top_1_is_the_accuracy_of_the_first_largest(data):
    truth, p = data
    assert METRICS.make("top_k:k=1")(truth, p) == np.mean(p.argmax(axis=1) == truth)


@few
@given(data=several_classes(), narrow=several_classes(np.float32), two=yes_or_no(SHARE), several=answers(SHARE))
def test_log_loss(data, narrow, two, several):
    metric = METRICS.make("log_loss")
    same(metric(*data), theirs(peer.log_loss, *data, labels=range(data[1].shape[1])))
    # scikit-learn adds up in float32 here
    expected = theirs(peer.log_loss, *narrow, labels=range(narrow[1].shape[1]))
    assert metric(*narrow) == pytest.approx(expected, rel=1e-6)
    same(metric(*two), theirs(peer.log_loss, *two, labels=[0, 1]))
    same(metric(*several), theirs(peer.log_loss, *(a.reshape(-1) for a in several), labels=[0, 1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sure_mistake_costs_what_it_does_in_scikit_learn(dtype):
    p = np.array([[1, 0], [0, 1]], dtype)
    expected = peer.log_loss([1, 1], p, labels=[0, 1])
    assert METRICS.make("log_loss")([1, 1], p) == pytest.approx(expected, rel=1e-6)
    assert METRICS.make("log_loss")([1, 0], p) == pytest.approx(-math.log(np.finfo(dtype).eps), rel=1e-12)


@few
@given(data=several_classes(), two=yes_or_no(SHARE), several=answers(SHARE))
def test_brier(data, two, several):
    metric = METRICS.make("brier")
    same(metric(*data), theirs(peer.brier_score_loss, *data, labels=range(data[1].shape[1])))
    expected = theirs(peer.brier_score_loss, *two, pos_label=1)
    same(metric(*two), expected)
    same(metric(two[0], np.column_stack([1 - two[1], two[1]])), expected)
    same(metric(*several), theirs(peer.brier_score_loss, *(a.reshape(-1) for a in several), pos_label=1))


def defined(truth):
    """The columns that have both a yes and a no."""
    return [j for j, column in enumerate(truth.T) if 0 < column.sum() < len(column)]


@few
@given(two=yes_or_no(SCORE), several=answers(SCORE))
def test_roc_auc_of_yes_or_no(two, several):
    metric = METRICS.make("roc_auc")
    same(metric(*two), theirs(peer.roc_auc_score, *two))
    same(metric(two[0], np.column_stack([-two[1], two[1]])), theirs(peer.roc_auc_score, *two))
    truth, score = several
    columns = defined(truth)
    expected = theirs(peer.roc_auc_score, truth[:, columns], score[:, columns]) if columns else math.nan
    same(metric(truth, score), expected)


@few
@given(data=several_classes())
def test_roc_auc_of_classes_is_the_mean_of_one_against_the_rest(data):
    truth, p = data
    one_hot = np.eye(p.shape[1], dtype=int)[truth]
    columns = defined(one_hot)
    areas = [theirs(peer.roc_auc_score, one_hot[:, j], p[:, j]) for j in columns]
    found = METRICS.make("roc_auc")(truth, p)
    same(found, np.mean(areas) if areas else math.nan)
    if len(columns) == p.shape[1]:
        same(found, peer.roc_auc_score(truth, p, multi_class="ovr"))


@few
@given(data=several_classes(), two=yes_or_no(SCORE), several=answers(SCORE))
def test_average_precision(data, two, several):
    metric = METRICS.make("average_precision")
    same(metric(*two), theirs(peer.average_precision_score, *two))
    same(metric(*several), theirs(peer.average_precision_score, *several))
    truth, p = data
    occur = np.unique(truth)
    one_hot = np.eye(p.shape[1], dtype=int)[truth]
    same(metric(truth, p), theirs(peer.average_precision_score, one_hot[:, occur], p[:, occur]))


def test_every_class_present_average_precision_is_scikit_learns_of_labels(rng):
    truth, p = np.arange(30) % 3, rng.dirichlet(np.ones(3), 30)
    same(METRICS.make("average_precision")(truth, p), peer.average_precision_score(truth, p))
    same(METRICS.make("roc_auc")(truth, p), peer.roc_auc_score(truth, p, multi_class="ovr"))


@few
@given(data=ROWS.flatmap(lambda n: st.tuples(*[arrays.arrays(float, (n, 2), elements=VALUE)] * 2)))
def test_absolute_error_and_pinball(data):
    truth, predicted = data
    same(METRICS.make("absolute_error")(truth, predicted), peer.mean_absolute_error(truth, predicted))
    for quantile in (0.1, 0.5, 0.9):
        expected = peer.mean_pinball_loss(truth, predicted, alpha=quantile)
        same(METRICS.make({"name": "pinball", "quantile": quantile})(truth, predicted), expected)
    same(METRICS.make("pinball")(truth, predicted), peer.mean_absolute_error(truth, predicted) / 2)


def textbook_calibration_error(truth, p, bins):
    """Guo et al. 2017, equations 2 and 3, row by row and bin by bin."""
    edges = [b / bins for b in range(bins + 1)]
    total = 0.0
    for low, high in pairwise(edges):
        rows = [i for i in range(len(p)) if low < max(p[i]) <= high or (low == 0 == max(p[i]))]
        if rows:
            accuracy = sum(list(p[i]).index(max(p[i])) == truth[i] for i in rows) / len(rows)
            confidence = math.fsum(max(p[i]) for i in rows) / len(rows)
            total += len(rows) / len(p) * abs(accuracy - confidence)
    return total


@few
@given(
    data=several_classes(), two=yes_or_no(SHARE), several=answers(SHARE), bins=st.sampled_from([1, 2, 4, 10, 15])
)
def test_calibration_error_is_the_textbooks(data, two, several, bins):
    metric = METRICS.make({"name": "calibration_error", "bins": bins})
    truth, p = data
    same(metric(truth, p), textbook_calibration_error(truth.tolist(), p.tolist(), bins))
    for truth, yes in (two, (several[0].reshape(-1), several[1].reshape(-1))):
        pairs = np.column_stack([1 - yes, yes])
        expected = textbook_calibration_error(truth.tolist(), pairs.tolist(), bins)
        same(metric(truth, pairs), expected)
        same(metric(truth, yes), expected)
    same(metric(*several), expected)


def test_calibration_error_of_a_case_by_hand():
    # confidences 0.6 (right), 0.6 (wrong) and 1.0 (right): |1 - 1.2| / 3 in one bin, 0 in the other
    truth, p = [1, 0, 1], np.array([[0.4, 0.6], [0.4, 0.6], [0.0, 1.0]])
    assert METRICS.make("calibration_error:bins=5")(truth, p) == pytest.approx(0.2 / 3)
    assert METRICS.make("calibration_error:bins=1")(truth, p) == pytest.approx(0.2 / 3)


@pytest.mark.parametrize("label", [0, 1])
def test_where_all_labels_are_equal_nothing_can_be_ranked(label):
    truth, p = np.full(4, label), np.array([0.1, 0.4, 0.4, 0.9])
    assert math.isnan(METRICS.make("roc_auc")(truth, p))
    assert METRICS.make("average_precision")(truth, p) == label
    assert METRICS.make("balanced_accuracy")(truth, (p > 0.5).astype(int)) == (0.25 if label else 0.75)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int16, np.uint64], ids=lambda kind: kind.__name__)
def test_labels_of_any_kind_of_integers_are_taken(kind, rng):
    truth, said, p = np.array([0, 1, 1, 0]), np.array([1, 1, 0, 0]), rng.uniform(size=4)
    for name, cls in METRICS.classes().items():
        if cls.task == "classes" and cls.scalar:
            predicted = said if cls.reads == "decisions" else p
            expected = METRICS.make(name)(truth, predicted)
            given = said.astype(kind) if cls.reads == "decisions" else p
            assert METRICS.make(name)(truth.astype(kind), given) == expected, name
