"""The gradient checker on functions."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core.errors import InputError, ShapeError
from chainrule.core.gradcheck import check
from chainrule.core.mistakes import MISTAKES


@pytest.fixture
def problem(rng):
    """Least squares: ||A W.T - B||^2 and its gradient 2 (A W.T - B).T A."""
    A, B, W = rng.standard_normal((10, 4)), rng.standard_normal((10, 3)), rng.standard_normal((3, 4))

    def f(W, spoil=lambda g: g):
        residual = A @ W.T - B
        return (residual**2).sum(), spoil(2 * residual.T @ A)

    return f, W


def test_a_right_gradient_is_right_in_every_form_of_theta(problem):
    f, W = problem
    assert check(f, W).ok
    assert check(lambda t: (f(t.reshape(3, 4))[0], f(t.reshape(3, 4))[1].ravel()), W.ravel()).ok
    assert check(lambda t: (f(t["W"])[0], {"W": f(t["W"])[1]}), {"W": W}).ok
    assert check(lambda t: (f(t[0])[0], [f(t[0])[1]]), [W]).ok
    report = check(lambda t: (f(t[0])[0], (f(t[0])[1],)), (W,))
    assert report.ok
    assert report.mistake is None
    assert report.worst <= 1
    assert "gradient right" in str(report)


@pytest.mark.parametrize("factor", [2.0, 0.5, 5.0, 1 / 64, -3.0])
def test_a_factor_is_found_to_many_digits(problem, factor):
    f, W = problem
    report = check(lambda W: f(W, lambda g: factor * g), W)
    assert not report.ok
    assert report.mistake == "constant_factor"
    assert report.factor == pytest.approx(factor, rel=1e-7)
    assert report.worst > 1
    assert "constant factor" in str(report)


def test_the_wrong_sign_has_its_own_name(problem):
    f, W = problem
    report = check(lambda W: f(W, lambda g: -g), W)
    assert (report.mistake, report.factor) == ("sign", -1.0)


def test_a_gradient_of_transposed_shape_is_called_transposed(problem):
    f, W = problem
    assert check(lambda W: f(W, lambda g: g.T), W).mistake == "transposed"


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-8])
def test_a_single_wrong_coordinate_is_found_however_small(problem, size):
    f, W = problem

    def spoil(g):
        g = g.copy()
        g[1, 2] += size * np.abs(g).max()
        return g

    assert check(f, W).ok
    assert not check(lambda W: f(W, spoil), W).ok


def test_at_a_corner_any_value_between_the_sides_is_right_and_none_outside():
    theta = np.array([0.0, 1.0, -2.0, 0.0])
    for middle in (-1.0, -0.3, 0.0, 1.0):
        report = check(lambda t, m=middle: (np.abs(t).sum(), np.where(t == 0, m, np.sign(t))), theta)
        assert report.ok, middle
        assert report.kinks == 2
    for outside in (1.2, -1.2):
        report = check(lambda t, m=outside: (np.abs(t).sum(), np.where(t == 0, m, np.sign(t))), theta)
        assert not report.ok
        assert report.kinks == 2


def test_rows_on_a_corner_with_inputs_of_both_signs_are_no_false_alarm():
    # Two rows sit at z = 0; the weight pushes one up where it pushes the other down. PyTorch's choice, 0 for both,
    # is neither the left nor the right derivative of the sum.
    x, c = np.array([1.0, -1.0]), np.array([1.0, 1.0])

    def f(w):
        z = x * w
        return (c * np.maximum(z, 0)).sum(), np.array([(c * (z > 0) * x).sum()])

    report = check(f, np.array([0.0]))
    assert report.ok
    assert report.kinks == 1


def test_float32_is_judged_by_its_own_rounding(rng):
    A, w = rng.standard_normal((50, 8)).astype("f"), rng.standard_normal(8).astype("f")

    def f(w, factor=1.0):
        assert w.dtype == np.float32
        a = np.tanh(A @ w)
        return (a**2).mean(), np.float32(factor) * (2 * a * (1 - a**2)) @ A / np.float32(50)

    assert check(f, w).ok
    report = check(lambda w: f(w, 1.05), w)
    assert report.mistake == "constant_factor"
    assert report.factor == pytest.approx(1.05, rel=1e-3)


def test_a_gradient_that_remembers_the_last_call_is_stale():
    memory = [np.zeros(3)]

    def f(w):
        memory.append(w.copy())
        return (w**2).sum(), 2 * memory[-2]

    assert check(f, np.array([1.0, 2.0, 3.0])).mistake == "stale_value"


def test_neither_theta_nor_a_buffer_that_f_reuses_matters(problem):
    f, W = problem
    before, buffer = W.copy(), np.empty_like(W)

    def g(W):
        loss, gradient = f(W)
        buffer[:] = gradient
        W[:] = 0  # what f does to its argument is its own affair
        return loss, buffer

    assert check(g, W).ok
    assert np.array_equal(W, before)


def test_a_loss_that_is_not_the_same_twice_is_refused(rng):
    with pytest.raises(InputError, match=r"module\.eval"):
        check(lambda w: (float(w.sum() + rng.standard_normal()), np.ones(3)), np.ones(3))


def test_bad_input_is_refused_in_one_line():
    with pytest.raises(InputError, match="finite"):
        check(lambda w: (np.inf, w), np.ones(3))
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        check(lambda w: (w.sum(), np.ones(4)), np.ones(3))
    with pytest.raises(InputError, match="float"):
        check(lambda w: (w.sum(), w), np.ones(3, int))
    with pytest.raises(ShapeError, match="parts"):
        check(lambda w: (w[0].sum(), [w[0], w[0]]), [np.ones(3)])
    assert check(lambda w: (w.sum(), w * np.nan), np.ones(3)).mistake == "not_finite"


def test_every_mistake_has_an_explanation():
    assert all(meaning and name.islower() for name, meaning in MISTAKES.items())


def test_large_arrays_are_looked_at_coordinate_by_coordinate_only_where_they_disagree(rng):
    W = rng.standard_normal(20_000)
    right = check(lambda w: (np.sin(w).sum(), np.cos(w)), W)
    assert right.ok
    assert right.coordinates == 0
    wrong = check(lambda w: (np.sin(w).sum(), 1.5 * np.cos(w)), W)
    assert wrong.mistake == "constant_factor"
    assert wrong.coordinates <= 200
