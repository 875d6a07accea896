"""The examination that every loss sits."""

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.activations import ACTIVATIONS
from chainrule.core.errors import InputError, SettingError, ShapeError
from chainrule.core.settings import plain, write
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS

F32, F64 = np.dtype("float32"), np.dtype("float64")


def spec(loss):
    """As on the command line, without the reduction and what is usual."""
    usual = LOSSES.make(loss.name)
    given = {
        key: value for key, value in plain(loss).items() if key != "reduction" and value != getattr(usual, key)
    }
    return write(loss.name, given)


# Every loss, and once more with each of the settings that it names in ``examples``; the reduction is told apart.
SPECS = list(dict.fromkeys(spec(loss) for loss in LOSSES.examples()))
every = pytest.mark.parametrize("name", SPECS)
both_reductions = pytest.mark.parametrize("reduction", ["mean", "sum"])
in_both_dtypes = pytest.mark.parametrize("dtype", [F32, F64], ids=str)


def make(name, reduction="mean"):
    return replace(LOSSES.make(name), reduction=reduction)


def frozen(array):
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def same_bits(got, expected):
    return got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()


def problems(loss, targets_for, n=6, k=3, dtype=F64, size=2.0, seed=0):
    """Logits, and each kind of prepared target that the loss takes."""
    rng = np.random.default_rng(seed)
    logits = frozen(rng.normal(0, size, (n, k)).astype(dtype))
    return [(logits, frozen(loss.prepare(raw, n, k, dtype))) for raw in targets_for(loss, n, k, rng).values()]


@every
@both_reductions
@settings(deadline=None, max_examples=20)
@given(n=st.integers(1, 5), k=st.integers(2, 4), seed=st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_derivative_of_the_value(name, reduction, n, k, seed, targets_for):
    loss = make(name, reduction)
    h = 1e-5
    for logits, target in problems(loss, targets_for, n, k, seed=seed):
        gradient = loss.value_and_gradient(logits, target)[1]
        for place in np.ndindex(n, k):
            up, down = logits.copy(), logits.copy()
            up[place] += h
            down[place] -= h
            change = loss.value_and_gradient(up, target)[0] - loss.value_and_gradient(down, target)[0]
            # h^2 f'''/6 is about 1e-11; a value of up to 1000 rounds by 1e-13, which h makes 1e-8
            assert change / (2 * h) == pytest.approx(gradient[place], rel=1e-6, abs=2e-8)


@every
@both_reductions
@pytest.mark.parametrize(("n", "k"), [(6, 3), (1, 2), (40, 10), (5, 1)])
@pytest.mark.parametrize("size", [1, 50])
def test_value_and_gradient_are_those_of_pytorch(name, reduction, n, k, size, targets_for, pytorch):
    loss = make(name, reduction)
    for logits, target in problems(loss, targets_for, n, k, size=size):
        theirs = pytorch.tensor(logits, requires_grad=True)
        expected = pytorch.loss(loss)(theirs, pytorch.tensor(target))
        expected.backward()
        value, gradient = loss.value_and_gradient(logits, target)
        assert value == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-12, atol=1e-16)


@every
def test_the_mean_is_the_sum_divided_by_the_count(name, targets_for):
    mean, total = make(name, "mean"), make(name, "sum")
    for logits, target in problems(mean, targets_for):
        small, small_gradient = mean.value_and_gradient(logits, target)
        large, large_gradient = total.value_and_gradient(logits, target)
        assert small * mean.count(*logits.shape) == pytest.approx(large, rel=1e-14)
        np.testing.assert_allclose(small_gradient * mean.count(*logits.shape), large_gradient, rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "count"), [("cross_entropy", 6), ("binary_cross_entropy", 18), ("mean_squared_error", 18)]
)
def test_the_mean_divides_by_what_the_docstring_says(name, count):
    assert make(name).count(6, 3) == count


def exactly_cross_entropy(z, y):
    top = max(z)
    total = sum(((v - top).exp() for v in z), Decimal(0))
    return sum((q * (total.ln() + top - v) for v, q in zip(z, y, strict=True)), Decimal(0))


def exactly_binary_cross_entropy(z, y):
    return sum((max(v, 0) - v * q + (1 + (-abs(v)).exp()).ln() for v, q in zip(z, y, strict=True)), Decimal(0))


def exactly_squared_error(z, y):
    return sum(((v - q) ** 2 for v, q in zip(z, y, strict=True)), Decimal(0))


EXACTLY = {
    "cross_entropy": exactly_cross_entropy,
    "binary_cross_entropy": exactly_binary_cross_entropy,
    "mean_squared_error": exactly_squared_error,
}


@pytest.mark.parametrize("name", EXACTLY)
@in_both_dtypes
@pytest.mark.parametrize("size", [1, 30, 1e4])
@pytest.mark.parametrize("case", ["all right", "all wrong", "mixed"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_large_logits_give_the_value_of_exact_arithmetic(name, dtype, size, case, seed):
    loss, n, k, rng = make(name, "sum"), 50, 3, np.random.default_rng(seed)
    logits = (rng.uniform(0.5, 1, (n, k)) * rng.choice([-1, 1], (n, k)) * size).astype(dtype)
    best = np.eye(k, dtype=int)[logits.argmax(axis=1)] if loss.link == "softmax" else (logits > 0).astype(int)
    worst = np.roll(best, 1, axis=1) if loss.link == "softmax" else 1 - best
    mixed = np.where(rng.random((n, 1)) < 0.5, best, worst)
    raw = {"all right": best, "all wrong": worst, "mixed": mixed}[case]
    value, gradient = loss.value_and_gradient(logits, loss.prepare(raw, n, k, dtype))
    with localcontext(prec=60):
        rows = (
            EXACTLY[name](list(map(Decimal, z)), list(map(Decimal, y)))
            for z, y in zip(logits.tolist(), raw.tolist(), strict=True)
        )
        exact = float(sum(rows, Decimal(0)))
    assert value >= 0
    # Each of the n k terms may be off by a rounding of its own size, or by one of 1 (as 1 + tiny is).
    epsilon = float(np.finfo(dtype).eps)
    assert value == pytest.approx(exact, rel=20 * epsilon, abs=n * k * epsilon)
    wide = loss.value_and_gradient(logits.astype(float), loss.prepare(raw, n, k, F64))[1]
    np.testing.assert_allclose(gradient, wide, rtol=100 * epsilon, atol=2 * epsilon)


@in_both_dtypes
@pytest.mark.parametrize("size", [10, 30, 80])
def test_a_small_binary_cross_entropy_keeps_its_digits(dtype, size):
    # log(1 + exp(-z)) is about exp(-z) here; a 1 + exp(-z) that is rounded to 1 would make it 0
    logits = np.full((4, 1), size, dtype)
    value = make("binary_cross_entropy").value_and_gradient(logits, np.ones_like(logits))[0]
    assert value == pytest.approx(math.log1p(math.exp(-size)), rel=1e-6 if dtype == F32 else 1e-13)


@every
@in_both_dtypes
def test_logits_of_1e4_give_finite_numbers(name, dtype, targets_for):
    loss = make(name)
    # A mean of exp(1e4) is beyond every float, and so is what is lost by it: there, the half of what is in reach.
    large = 1e4 if loss.link != "exp" else np.log(np.finfo(dtype).max) / 2
    for _, target in problems(loss, targets_for, dtype=dtype):
        logits = np.array([[large, -large, 0], [-large, -large, -large], [large, large, large]] * 2, dtype)
        value, gradient = loss.value_and_gradient(logits, target)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


@every
@both_reductions
@in_both_dtypes
def test_out_and_scratch_give_the_same_bits_and_spare_the_inputs(name, reduction, dtype, targets_for):
    loss = make(name, reduction)
    for logits, target in problems(loss, targets_for, dtype=dtype):
        value, gradient = loss.value_and_gradient(logits, target)
        assert gradient.dtype == dtype
        assert type(value) is float
        scratch = loss.scratch_for(logits, target)
        out = np.full_like(logits, np.nan)
        for _ in range(2):  # the second time out and scratch are full of the first
            again, written = loss.value_and_gradient(logits, target, None, out, scratch)
            assert written is out
            assert again == value
            assert same_bits(out, gradient)
        assert same_bits(loss.value_and_gradient(logits, target, None, np.full_like(logits, 7))[1], gradient)
        assert same_bits(loss.value_and_gradient(logits, target, None, None, scratch)[1], gradient)


@every
@pytest.mark.parametrize("layout", ["Fortran order", "columns of a wider array"])
def test_out_may_lie_in_memory_as_it_likes(name, layout, targets_for):
    loss = make(name)
    for logits, target in problems(loss, targets_for):
        out = np.zeros((6, 3), order="F") if layout == "Fortran order" else np.zeros((6, 6))[:, :3]
        written = loss.value_and_gradient(logits, target, None, out)[1]
        np.testing.assert_allclose(written, loss.value_and_gradient(logits, target)[1], rtol=1e-13)


@every
def test_one_scratch_serves_other_targets_of_its_shape(name, targets_for):
    loss = make(name)
    first, second = problems(loss, targets_for)[0], problems(loss, targets_for, seed=1)[0]
    scratch = loss.scratch_for(*first)
    loss.value_and_gradient(*first, None, None, scratch)
    value, gradient = loss.value_and_gradient(*second, None, None, scratch)
    expected, expected_gradient = loss.value_and_gradient(*second)
    assert value == expected
    assert same_bits(gradient, expected_gradient)


@every
def test_no_other_shape_is_ever_broadcast(name, targets_for):
    loss = make(name)
    for logits, target in problems(loss, targets_for):
        wrong = [target[:1], target[:-1], np.vstack([target, target])[:7] if target.ndim == 2 else target[:0]]
        if target.ndim == 2:
            wrong += [target[:, :1], target.T, target[None], target[:1, :1]]
            if loss.link != "softmax":  # which takes a flat target as labels
                wrong.append(target[:, 0])
        else:
            wrong += [target[:, None], target[None]]
        for other in wrong:
            with pytest.raises(ShapeError):
                loss.value_and_gradient(logits, other)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "mean_squared_error"])
def test_a_column_of_logits_and_a_flat_target_are_refused_not_broadcast(name):
    with pytest.raises(ShapeError, match=r"\(5, 1\).*\(5,\).*reshape\(5, 1\)"):
        make(name).value_and_gradient(np.zeros((5, 1)), np.zeros(5))
    with pytest.raises(ShapeError):
        make(name).value_and_gradient(np.zeros(5), np.zeros((5, 1)))


@every
def test_decide_and_labels_speak_of_the_same_thing(name, targets_for):
    loss = make(name)
    for logits, target in problems(loss, targets_for):
        decided, truth = loss.decide(logits), loss.labels(target)
        assert decided.shape == truth.shape
        assert len(decided) == len(logits)
        if loss.task == "classes":
            assert decided.dtype.kind == truth.dtype.kind == "i"


@every
def test_the_link_is_an_activation_whose_outputs_decide_the_same(name, targets_for):
    loss = make(name)
    logits, _ = problems(loss, targets_for)[0]
    outputs = ACTIVATIONS.make(loss.link).forward(logits)
    if loss.task == "values":
        np.testing.assert_allclose(loss.decide(logits), outputs, rtol=1e-15)
    else:
        by_outputs = outputs > 0.5 if loss.link == "sigmoid" else outputs.argmax(axis=1)
        np.testing.assert_array_equal(loss.decide(logits), by_outputs)


@pytest.mark.parametrize("raw", [np.array([2, 0, 1, 1]), np.eye(3)[[2, 0, 1, 1]]], ids=["labels", "one-hot"])
def test_cross_entropy_decides_for_the_class_of_the_largest_logit(raw):
    loss = make("cross_entropy")
    target = loss.prepare(raw, 4, 3, F32)
    np.testing.assert_array_equal(loss.labels(target), [2, 0, 1, 1])
    np.testing.assert_array_equal(loss.decide(np.eye(3)[[2, 0, 1, 1]] * 5 - 3), [2, 0, 1, 1])


def test_one_output_of_binary_cross_entropy_decides_a_class_a_row():
    loss = make("binary_cross_entropy")
    np.testing.assert_array_equal(loss.decide(np.array([[-0.1], [0.1], [3]])), [0, 1, 1])
    np.testing.assert_array_equal(loss.labels(loss.prepare([0, 1, 1], 3, 1, F32)), [0, 1, 1])


def test_probabilities_count_as_the_likelier_answer():
    sure = make("cross_entropy").prepare([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], 2, 3, F64)
    np.testing.assert_array_equal(make("cross_entropy").labels(sure), [1, 2])
    either = make("binary_cross_entropy").prepare([0.0, 0.2, 0.7, 1.0], 4, 1, F64)
    np.testing.assert_array_equal(make("binary_cross_entropy").labels(either), [0, 0, 1, 1])


@every
def test_a_metric_exists_that_takes_what_the_loss_decides(name, targets_for):
    loss = make(name)
    suited = (cls for cls in METRICS.classes().values() if cls.task == loss.task and cls.reads == "decisions")
    metrics = [cls() for cls in suited if cls.scalar]
    assert metrics
    for logits, target in problems(loss, targets_for):
        for metric in metrics:
            assert np.isfinite(metric(loss.labels(target), loss.decide(logits)))


@every
@in_both_dtypes
def test_prepare_gives_an_array_of_its_own_dtype_and_spares_the_input(name, dtype, targets_for, rng):
    loss = make(name)
    for raw in targets_for(loss, 6, 3, rng).values():
        for form in (frozen(raw), np.asfortranarray(raw), raw.tolist()):
            before = np.array(form)
            target = loss.prepare(form, 6, 3, dtype)
            assert target.flags.c_contiguous
            assert target.dtype == (np.intp if target.ndim == 1 else dtype)
            np.testing.assert_array_equal(form, before)


@every
@pytest.mark.parametrize("reduction", ["none", "Mean", "", None, 1])
def test_another_reduction_is_refused(name, reduction):
    with pytest.raises(SettingError, match="mean, sum"):
        make(name, reduction)


LABELS, WRONG_SUM = [0, 1, 2, 1], np.full((4, 3), 0.2)
NAN = np.array([[0.0], [1], [np.nan], [0]])


@pytest.mark.parametrize(
    ("name", "raw", "k", "error", "says"),
    [
        ("cross_entropy", [0, 1, 3, 1], 3, InputError, ["label 3 at row 2", "0 to 2", "np.unique"]),
        ("cross_entropy", [0, 1, -1, 1], 3, InputError, ["label -1 at row 2", "0 to 2", "Renumber"]),
        ("cross_entropy", [0.0, 1.0, 2.0, 1.0], 3, InputError, ["float64", "y.astype(int)"]),
        ("cross_entropy", list("abca"), 3, InputError, ["text", "numbers"]),
        ("cross_entropy", [[0], [1], [2], [1]], 3, ShapeError, ["(4, 1)", "y.ravel()"]),
        ("cross_entropy", [0, 1, 2, 1, 0], 3, ShapeError, ["(5,)", "(4,)", "(4, 3)"]),
        ("cross_entropy", np.full((3, 4), 0.25), 3, ShapeError, ["(3, 4)"]),
        ("cross_entropy", WRONG_SUM, 3, InputError, ["row 0", "0.6", "sum to 1", "binary_cross_entropy"]),
        ("cross_entropy", [[0.5, 0.5, 0]] * 3 + [[1.5, -0.5, 0]], 3, InputError, ["row 3", "none negative"]),
        ("cross_entropy", [[0.5, 0.5, 0]] * 3 + [[np.nan, 0, 1]], 3, InputError, ["nan", "row 3, column 0"]),
        ("cross_entropy", LABELS, 1, ShapeError, ["two outputs", "binary_cross_entropy"]),
        ("cross_entropy", np.ma.masked_equal(LABELS, 2), 3, InputError, ["masked", "filled"]),
        ("cross_entropy", np.array(LABELS, object), 3, InputError, ["object", "astype"]),
        ("binary_cross_entropy", LABELS, 1, InputError, ["2 at row 2", "cross_entropy"]),
        ("binary_cross_entropy", [-0.1, 0, 1, 1], 1, InputError, ["-0.1 at row 0", "between"]),
        ("binary_cross_entropy", [0, 1, 1, 0], 2, ShapeError, ["(4, 2)", "(4,)"]),
        ("binary_cross_entropy", [[0, 1, 1, 0]], 1, ShapeError, ["(1, 4)", "reshape(4, 1)"]),
        ("binary_cross_entropy", NAN, 1, InputError, ["nan", "row 2, column 0"]),
        ("binary_cross_entropy", list("abca"), 1, InputError, ["text"]),
        ("mean_squared_error", [0.0, 1, 2, 3], 2, ShapeError, ["(4, 2)", "(4,)"]),
        ("mean_squared_error", np.zeros((2, 4)), 2, ShapeError, ["(2, 4)", "reshape(4, 2)"]),
        ("mean_squared_error", NAN, 1, InputError, ["nan", "row 2, column 0"]),
        ("mean_squared_error", [0, 1, np.inf, 3], 1, InputError, ["inf", "row 2, column 0"]),
        ("mean_squared_error", list("abca"), 1, InputError, ["text"]),
        ("mean_squared_error", np.array([0, 1e300, 0, 0]), 1, InputError, ["float32", "row 1, column 0"]),
        ("mean_squared_error", LABELS, 3, ShapeError, ["(4, 3)", "(4,)", "mean_squared_error:task=classes"]),
        ("huber:task=classes", [0, 1, 3, 1], 3, InputError, ["label 3 at row 2"]),
        ("huber:task=classes", [0, 1, 2, 1], 1, InputError, ["label 2 at row 2", "0 to 1"]),
        ("huber:task=classes", np.full((4, 2), 0.5), 2, InputError, ["takes labels", "cross_entropy"]),
        ("quantile:tau=[0.1,0.9]", np.zeros((4, 3)), 3, ShapeError, ["tau has 2 levels", "3 outputs"]),
        ("poisson", [0, 1, -2, 3], 1, InputError, ["-2 at row 2, column 0", "from 0 on"]),
        ("gamma", [0.5, 1, 0, 3], 1, InputError, ["0 at row 2, column 0", "above 0", "poisson"]),
        ("focal", np.full((4, 2), 0.5), 2, InputError, ["takes labels", "cross_entropy"]),
        ("focal", LABELS, 1, ShapeError, ["two outputs", "binary_focal"]),
        ("focal:alpha=[0.5,0.5]", LABELS, 3, ShapeError, ["alpha has 2 weights", "3 outputs"]),
        ("binary_focal", [0, 1, 0.5, 1], 1, InputError, ["0.5 at row 2", "binary_cross_entropy"]),
        ("binary_focal", LABELS, 1, InputError, ["2 at row 2", "use focal"]),
        ("hinge", LABELS, 1, InputError, ["label 2 at row 2", "0 to 1"]),
        ("hinge", np.full((4, 2), 0.5), 2, InputError, ["takes labels"]),
        ("hinge", np.zeros((4, 2), int), 1, ShapeError, ["(4,)", "(4, 2)"]),
        ("kl_divergence", LABELS, 3, ShapeError, ["distributions", "cross_entropy"]),
        ("kl_divergence", WRONG_SUM, 3, InputError, ["row 0", "0.6"]),
        ("kl_divergence", [1.0, 1, 1, 1], 1, ShapeError, ["two outputs"]),
    ],
)
def test_prepare_says_what_is_wrong_with_a_target_and_what_to_try(name, raw, k, error, says):
    with pytest.raises(error) as refused:
        make(name).prepare(raw, 4, k, F32)
    for words in says:
        assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", [int, bool, np.uint8, np.float32], ids=lambda kind: kind.__name__)
def test_one_hot_rows_become_labels(kind):
    target = make("cross_entropy").prepare(np.eye(3)[LABELS].astype(kind), 4, 3, F32)
    np.testing.assert_array_equal(target, LABELS)
    assert target.dtype == np.intp


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, np.uint64], ids=lambda kind: kind.__name__)
def test_labels_may_be_any_integers(kind):
    target = make("cross_entropy").prepare(np.array(LABELS, kind), 4, 3, F32)
    np.testing.assert_array_equal(target, LABELS)
    assert target.dtype == np.intp


@pytest.mark.parametrize("name", ["binary_cross_entropy", "mean_squared_error"])
def test_with_one_output_a_flat_target_becomes_a_column(name):
    assert make(name).prepare([0, 1, 1, 0], 4, 1, F32).shape == (4, 1)


@both_reductions
def test_probabilities_that_sum_to_nearly_1_still_follow_the_formula(reduction, rng):
    # prepare lets a row be off by 1e-3, as rounded texts are; value and gradient must know of it
    loss = make("cross_entropy", reduction)
    raw = rng.dirichlet(np.ones(3), 5) * 1.0009
    logits = rng.normal(0, 2, (5, 3))
    y = loss.prepare(raw, 5, 3, F64)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -(y * log_p).sum() / (5 if reduction == "mean" else 1)
    assert loss.value_and_gradient(logits, y)[0] == pytest.approx(expected, rel=1e-12)


def test_mean_squared_error_is_the_mean_of_fractions():
    z, y = [[1, 2], [3, 5], [-4, 0]], [[2, 2], [1, 8], [4, 1]]
    squares = [Fraction(a - b) ** 2 for p, q in zip(z, y, strict=True) for a, b in zip(p, q, strict=True)]
    value, gradient = make("mean_squared_error").value_and_gradient(np.array(z, float), np.array(y, float))
    assert value == pytest.approx(float(sum(squares) / 6), rel=1e-15)
    np.testing.assert_allclose(gradient, 2 * (np.array(z) - np.array(y)) / 6, rtol=1e-15)


@every
@both_reductions
def test_a_weight_counts_a_row_so_many_times(name, reduction, targets_for):
    loss, times = make(name, reduction), np.array([3, 0, 1, 2, 0, 1])
    for logits, target in problems(loss, targets_for):
        value, gradient = loss.value_and_gradient(logits, target, times[:, None].astype(float))
        again, repeated = loss.value_and_gradient(
            np.repeat(logits, times, axis=0), np.repeat(target, times, axis=0)
        )
        assert value == pytest.approx(again, rel=1e-13)
        starts = np.cumsum(times) - times
        for row, (start, number) in enumerate(zip(starts, times, strict=True)):
            np.testing.assert_allclose(gradient[row], repeated[start : start + number].sum(axis=0), rtol=1e-13)


@every
def test_a_weight_for_each_term_weighs_the_terms(name, targets_for, rng):
    total, mean = make(name, "sum"), make(name, "mean")
    for logits, target in problems(total, targets_for):
        losses, slopes = (np.array(part) for part in total.terms(logits, target))
        weight = rng.uniform(0, 2, losses.shape)
        value, gradient = total.value_and_gradient(logits, target, weight)
        assert value == pytest.approx((losses * weight).sum(), rel=1e-13)
        np.testing.assert_allclose(gradient, slopes * weight, rtol=1e-13)
        small, part = mean.value_and_gradient(logits, target, weight)
        assert small == pytest.approx(value / weight.sum(), rel=1e-13)
        np.testing.assert_allclose(part, gradient / weight.sum(), rtol=1e-12)


@every
@both_reductions
def test_weights_that_are_all_0_leave_nothing(name, reduction, targets_for):
    loss = make(name, reduction)
    for logits, target in problems(loss, targets_for):
        value, gradient = loss.value_and_gradient(logits, target, np.zeros((6, 1)))
        assert value == 0
        assert not gradient.any()


@every
@pytest.mark.parametrize("shape", [(6,), (1, 1), (1, 6), (5, 1), (6, 2), (6, 1, 1)])
def test_weights_of_another_shape_are_refused(name, shape, targets_for):
    loss = make(name)
    for logits, target in problems(loss, targets_for):
        with pytest.raises(ShapeError, match="weights are"):
            loss.value_and_gradient(logits, target, np.ones(shape))


@every
def test_weights_and_inputs_are_left_as_they_were_and_scratch_changes_nothing(name, targets_for, rng):
    loss = make(name)
    for logits, target in problems(loss, targets_for):
        weight = frozen(rng.uniform(0, 2, (6, 1)))
        value, gradient = loss.value_and_gradient(logits, target, weight)
        again, written = loss.value_and_gradient(
            logits, target, weight, np.full_like(logits, np.nan), loss.scratch_for(logits, target)
        )
        assert again == value
        assert same_bits(written, gradient)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("huber:delta=0", "delta"),
        ("quantile:tau=1.0", "tau"),
        ("quantile:tau=[]", "empty"),
        ("quantile:tau=[0.5,2.0]", "tau"),
        ("focal:gamma=-1", "gamma"),
        ("focal:alpha=[-1.0,1.0]", "alpha"),
        ("binary_focal:alpha=2", "alpha"),
        ("cross_entropy:label_smoothing=1.5", "label_smoothing"),
        ("binary_cross_entropy:label_smoothing=-0.1", "label_smoothing"),
        ("mean_squared_error:task=labels", "task"),
    ],
)
def test_settings_out_of_range_are_refused(spec, says):
    with pytest.raises(SettingError, match=says):
        LOSSES.make(spec)


def test_each_output_may_have_its_own_quantile(rng):
    loss, logits, y = make("quantile:tau=[0.1,0.9]"), rng.normal(size=(6, 2)), rng.normal(size=(6, 2))
    losses, slopes = loss.terms(logits, loss.prepare(y, 6, 2, F64))
    for i, tau in enumerate((0.1, 0.9)):
        alone = make(f"quantile:tau={tau}").terms(logits[:, [i]], y[:, [i]])
        np.testing.assert_array_equal(losses[:, [i]], alone[0])
        np.testing.assert_array_equal(slopes[:, [i]], alone[1])


@pytest.mark.parametrize(
    ("focal", "plain_one"), [("focal", "cross_entropy"), ("binary_focal", "binary_cross_entropy")]
)
def test_without_a_focus_it_is_cross_entropy(focal, plain_one, targets_for):
    for logits, target in problems(make(f"{focal}:gamma=0"), targets_for):
        value, gradient = make(f"{focal}:gamma=0").value_and_gradient(logits, target)
        expected, expected_gradient = make(plain_one).value_and_gradient(logits, target)
        assert value == pytest.approx(expected, rel=1e-13)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize(
    ("name", "theirs"), [("poisson", "HalfPoissonLoss"), ("gamma", "HalfGammaLoss"), ("quantile", "PinballLoss")]
)
def test_the_terms_are_those_of_scikit_learn(name, theirs, rng):
    peer = getattr(pytest.importorskip("sklearn._loss"), theirs)()
    z, y = rng.normal(0, 2, (50, 1)), rng.gamma(2.0, 1.0, (50, 1))
    losses, slopes = make(name).terms(z, y)
    expected, expected_slopes = peer.loss_gradient(y_true=y[:, 0].copy(), raw_prediction=z[:, 0].copy())
    np.testing.assert_allclose(losses[:, 0], expected, rtol=1e-13)
    np.testing.assert_allclose(slopes[:, 0], expected_slopes, rtol=1e-12)
