"""The examination that every metric sits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.metrics import METRICS

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)
# Quarters are exact in binary, so the fractions below are of the very numbers that NumPy is given.
QUARTERS = st.integers(-40, 40).map(lambda i: Fraction(i, 4))
VALUES = st.lists(st.tuples(QUARTERS, QUARTERS), min_size=1, max_size=20)
every = pytest.mark.parametrize("name", METRICS)


def arrays(pairs, dtype):
    """Truth and prediction, with a second array of the truth to see that nobody wrote to it."""
    truth, predicted = (np.array([p[i] for p in pairs], dtype) for i in (0, 1))
    truth.flags.writeable = predicted.flags.writeable = False
    return truth, predicted


def exact_r2(pairs):
    mean = sum(y for y, _ in pairs) / len(pairs)
    spread = sum((y - mean) ** 2 for y, _ in pairs)
    error = sum((y - p) ** 2 for y, p in pairs)
    return 1 - error / spread if spread else Fraction(error == 0)


def example(name, rng):
    """Truth and prediction of the kind that the metric takes."""
    if METRICS[name].reads == "probabilities":
        return rng.integers(0, 3, 20), rng.dirichlet(np.ones(3), 20)
    if METRICS[name].task == "classes":
        return rng.integers(0, 3, 20), rng.integers(0, 3, 20)
    return rng.normal(size=(20, 2)), rng.normal(size=(20, 2))


@settings(deadline=None, max_examples=50)
@given(pairs=LABELS)
def test_accuracy_is_the_share_of_equal_pairs(pairs):
    expected = Fraction(sum(y == p for y, p in pairs), len(pairs))
    assert METRICS.make("accuracy")(*arrays(pairs, int)) == pytest.approx(float(expected), rel=1e-15)


def test_of_several_answers_a_row_all_must_be_right():
    truth, predicted = np.array([[0, 1], [1, 1], [0, 0], [1, 0]]), np.array([[0, 1], [1, 0], [1, 1], [1, 0]])
    assert METRICS.make("accuracy")(truth, predicted) == 0.5


@settings(deadline=None, max_examples=50)
@given(pairs=LABELS)
def test_the_confusion_matrix_counts_each_pair(pairs):
    truth, predicted = arrays(pairs, int)
    k = max(max(p) for p in pairs) + 1
    expected = [[sum(pair == (i, j) for pair in pairs) for j in range(k)] for i in range(k)]
    np.testing.assert_array_equal(METRICS.make("confusion_matrix")(truth, predicted), expected)
    wider = METRICS.make({"name": "confusion_matrix", "classes": 5})(truth, predicted)
    assert wider.shape == (5, 5)
    np.testing.assert_array_equal(wider[:k, :k], expected)
    assert wider.sum() == len(pairs)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int16, np.uint64], ids=lambda kind: kind.__name__)
def test_the_confusion_matrix_takes_any_kind_of_integers(kind):
    labels = np.array([0, 1, 1], kind)
    np.testing.assert_array_equal(METRICS.make("confusion_matrix")(labels, labels), [[1, 0], [0, 2]])


@settings(deadline=None, max_examples=50)
@given(pairs=VALUES)
def test_squared_error_is_the_mean_of_squares(pairs):
    expected = sum((y - p) ** 2 for y, p in pairs) / len(pairs)
    truth, predicted = arrays(pairs, float)
    metric = METRICS.make("squared_error")
    assert metric(truth, predicted) == pytest.approx(float(expected), rel=1e-14)
    assert metric(truth[:, None], predicted[:, None]) == pytest.approx(float(expected), rel=1e-14)


@settings(deadline=None, max_examples=50)
@given(pairs=VALUES)
def test_r2_is_one_less_the_share_of_variance_left(pairs):
    assert METRICS.make("r2")(*arrays(pairs, float)) == pytest.approx(float(exact_r2(pairs)), rel=1e-10, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(left=VALUES, right=VALUES)
def test_r2_is_averaged_over_outputs(left, right):
    n = min(len(left), len(right))
    left, right = left[:n], right[:n]
    a, b = arrays(left, float), arrays(right, float)
    both = METRICS.make("r2")(np.column_stack([a[0], b[0]]), np.column_stack([a[1], b[1]]))
    assert both == pytest.approx(float((exact_r2(left) + exact_r2(right)) / 2), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("constant", [0.0, 5.0, 0.1, 1e8 / 3])
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_r2_of_a_constant_truth_is_1_where_it_is_hit_and_0_elsewhere(constant, rows):
    truth = np.full((rows, 1), constant)
    assert METRICS.make("r2")(truth, truth) == 1
    assert METRICS.make("r2")(truth, truth + 0.5) == 0


def test_r2_of_the_mean_is_0_and_of_worse_is_negative():
    truth = np.array([[1.0], [2.0], [6.0]])
    assert METRICS.make("r2")(truth, np.full((3, 1), 3.0)) == pytest.approx(0, abs=1e-15)
    assert METRICS.make("r2")(truth, -truth) < 0


@pytest.mark.parametrize("kind", [np.uint8, np.float16], ids=lambda kind: kind.__name__)
def test_values_of_a_narrow_dtype_neither_wrap_nor_overflow(kind):
    truth, predicted = np.array([3, 200, 250], kind), np.array([5, 250, 0], kind)
    squares = [4, 2500, 62_500]
    assert METRICS.make("squared_error")(truth, predicted) == pytest.approx(sum(squares) / 3, rel=1e-14)
    spread = sum((y - 151) ** 2 for y in (3, 200, 250))
    assert METRICS.make("r2")(truth, predicted) == pytest.approx(1 - sum(squares) / spread, rel=1e-14)


@pytest.mark.parametrize(("truth", "predicted"), [([0], [0.05005]), ([[0, 1]], [[0.05005, 0.9995]])])
def test_the_calibration_of_float16_is_that_of_its_numbers(truth, predicted):
    """Rounded to float16, 1 - 0.05005 would be off by half a percent of the error of 5 %."""
    narrow = np.array(predicted, np.float16)
    found, expected = (
        METRICS.make("calibration_error")(np.array(truth), p) for p in (narrow, narrow.astype(float))
    )
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_log_loss_of_float16_ends_where_its_type_does():
    """As in scikit-learn: a probability of less than float16 tells from 0 costs what the least one does."""
    narrow = np.array([0.0, 1e-4, 0.5], np.float16)
    losses = [METRICS.make("log_loss")(np.array([1]), narrow[i : i + 1]) for i in range(3)]
    least = -np.log(float(np.finfo(np.float16).eps))
    assert losses == pytest.approx([least, least, -np.log(0.5)], rel=1e-6)


@every
def test_perfect_predictions_score_best(name, rng):
    metric, (truth, other) = METRICS[name](), example(name, rng)
    best = metric(truth, np.eye(3)[truth] if metric.reads == "probabilities" else truth)
    if not metric.scalar:
        assert best.sum() == np.trace(best)
    elif metric.better == "higher":
        assert best == 1 > metric(truth, other)
    else:
        assert best == pytest.approx(0, abs=1e-15)  # log 0 being infinite, the log loss stops at -log(1 - eps)
        assert metric(truth, other) > 0.1


@every
def test_arrays_of_other_shapes_are_refused(name, rng):
    truth, predicted = example(name, rng)
    for wrong in (predicted[:-1], predicted[:, None], predicted[:1]):
        with pytest.raises(ShapeError, match=name):
            METRICS[name]()(truth, wrong)


@every
def test_no_rows_are_refused(name, rng):
    truth, predicted = example(name, rng)
    with pytest.raises(InputError, match="no rows"):
        METRICS[name]()(truth[:0], predicted[:0])


@every
def test_inputs_are_spared_and_lists_are_taken(name, rng):
    truth, predicted = example(name, rng)
    for array in (truth, predicted):
        array.flags.writeable = False
    expected = METRICS[name]()(truth, predicted)
    np.testing.assert_array_equal(METRICS[name]()(truth.tolist(), predicted.tolist()), expected)


@every
def test_it_says_what_it_is(name):
    assert METRICS[name].task in ("classes", "values")
    assert METRICS[name].reads in ("decisions", "probabilities")
    assert METRICS[name].reads == "decisions" or METRICS[name].task == "classes"
    assert METRICS[name].better in ("higher", "lower")


@pytest.mark.parametrize(
    ("spec", "truth", "predicted", "says"),
    [
        ("f1", [0.0, 1.0], [0.0, 1.0], "f1: the truth holds float64; expected integer labels"),
        ("recall", [[0, 2]], [[0, 1]], "0 or 1 each; the truth goes to 2"),
        ("precision", [[[0]]], [[[0]]], "expected labels"),
        ("precision:average=binary", [0, 2], [0, 1], "labels from 0 to 2. Try average=macro"),
        ("recall:average=binary", [0, -1], [0, 1], "labels from -1 to 1"),
        ("f1:average=binary", [[0, 1]], [[0, 1]], "not several answers a row"),
        ("roc_auc", [0, 3], [[0.1, 0.2, 0.7]] * 2, "labels of 3 classes go from 0 to 2; the truth from 0 to 3"),
        ("roc_auc", [0, -1], [0.1, 0.2], "labels of 2 classes go from 0 to 1"),
        ("roc_auc", [0, 1], [0.1, np.nan], "roc_auc: the prediction has nan at row 1"),
        ("roc_auc", [0, 1], ["a", "b"], "roc_auc: the prediction holds text"),
        (
            "average_precision",
            [0, 1],
            [[0.5], [0.5]],
            r"probabilities \(2, 1\); expected \(2, classes\), or \(2,\)",
        ),
        ("brier", [[0, 1]], [0.5], r"expected \(1, 2\)"),
        ("top_k", [[0, 1]], [[0.5, 0.1]], "top_k takes one label a row"),
        ("log_loss", [0, 1], [-0.5, 2], "log_loss takes probabilities; these go from -1 to 2. Try predict_proba"),
        ("brier", [0, 1], [[0.5, 0.5], [0.5, 0.4]], "brier: the probabilities of row 1 sum to 0.9; expected 1"),
        ("calibration_error", [0, 1], [[1, 1], [0, 1]], "row 0 sum to 2"),
    ],
)
def test_what_is_no_label_or_no_probability_is_refused_in_a_line(spec, truth, predicted, says):
    with pytest.raises(InputError, match=says):
        METRICS.make(spec)(truth, predicted)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("top_k:k=0", "top_k: k is a whole number of at least 1"),
        ("calibration_error:bins=0", "bins is a whole number of at least 1"),
        ("calibration_error:bins=10000000", "1000000 is the most"),
        ("pinball:quantile=1", "quantile is a finite number above 0 and below 1"),
        ("pinball:quantile=0", "quantile is a finite number above 0 and below 1"),
        ("f1:average=samples", "average is one of macro, micro, weighted, binary"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(spec, says):
    with pytest.raises(SettingError, match=says):
        METRICS.make(spec)


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_an_average_is_checked_in_python_too(name):
    with pytest.raises(SettingError, match=f"{name}: average is one of macro"):
        METRICS[name](average="mean")


@pytest.mark.parametrize(
    ("classes", "truth", "predicted", "error"),
    [
        (2, [0, 2], [0, 1], InputError),
        (2, [0, 1], [0, 2], InputError),
        (0, [-1, 1], [0, 1], InputError),
        (0, [0, 1], [0, -1], InputError),
        (0, [2**53, 1], [0, 1], InputError),
        (0, [0, 1], [0, 10_000], InputError),
        (0, [0.0, 1.0], [0, 1], ShapeError),
        (0, [0, 1], [0.0, 1.0], ShapeError),
        (0, [[0, 1]], [[0, 1]], ShapeError),
    ],
)
def test_the_confusion_matrix_refuses_what_are_no_labels(classes, truth, predicted, error):
    with pytest.raises(error):
        METRICS["confusion_matrix"](classes)(np.array(truth), np.array(predicted))


@settings(deadline=None, max_examples=30)
@given(pairs=LABELS)
def test_the_diagonal_of_the_confusion_matrix_is_the_accuracy(pairs):
    truth, predicted = arrays(pairs, int)
    assume(len(pairs) > 1)
    matrix = METRICS.make("confusion_matrix")(truth, predicted)
    assert np.trace(matrix) / matrix.sum() == pytest.approx(METRICS.make("accuracy")(truth, predicted))
