"""The numeric derivative: right, and honest about its error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.core.derivative import Line

EPS = float(np.finfo(float).eps)

# function of (point + t), its derivative; all analytic, with curvature of very different sizes
FUNCTIONS = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "sin of 30 x": (lambda x: np.sin(30 * x), lambda x: 30 * np.cos(30 * x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "fifth power": (lambda x: x**5, lambda x: 5 * x**4),
    "logarithm": (lambda x: np.log(2 + x), lambda x: 1 / (2 + x)),
    "a line far from zero": (lambda x: 3 * x + 1e6, lambda x: 3.0),
    "nearly flat": (lambda x: 1e-9 * x**2 + 1, lambda x: 2e-9 * x),
}
POINTS = [-0.7, 0.0, 0.3, 1.1]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", POINTS)
def test_differences_are_within_their_own_error_of_the_derivative(name, x):
    f, derivative = FUNCTIONS[name]
    # float() refuses complex arguments, so this is the way of differences alone
    found = Line(
        lambda t: complex(f(x + float(t))) if not isinstance(t, complex) else math.nan, 1.0, EPS
    ).central()
    assert abs(found.value - derivative(x)) <= 2 * found.error
    assert found.error <= 1e-7 * max(1.0, abs(derivative(x)), abs(f(x)))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", POINTS)
def test_where_the_function_takes_complex_numbers_the_error_is_that_of_rounding(name, x):
    f, derivative = FUNCTIONS[name]
    found = Line(lambda t: complex(f(x + t)), 1.0, EPS).central()
    assert abs(found.value - derivative(x)) <= 4 * EPS * abs(derivative(x)) + 1e-60  # the step squared


@pytest.mark.parametrize("x", POINTS)
def test_a_function_that_takes_complex_numbers_but_is_not_analytic_is_left_to_differences(x):
    found = Line(lambda t: complex((x + t).real ** 2 + 1), 1.0, EPS).central()  # its complex step is 0
    assert found.value == pytest.approx(2 * x, abs=1e-9)


@pytest.mark.parametrize("name", ["exp", "sin", "fifth power"])
def test_the_sides_of_a_smooth_function_are_no_corner(name):
    f, derivative = FUNCTIONS[name]
    line = Line(lambda t: complex(f(0.3 + t)), 1.0, EPS)
    assert line.corner() is None
    assert line.one_sided(1.0).value == pytest.approx(derivative(0.3), rel=1e-6)


def test_a_corner_has_a_left_and_a_right_derivative():
    line = Line(lambda t: complex(max(t.real, 0.0) + 3 * t.real), 1.0, EPS)
    left, right = line.corner()
    assert left.value == pytest.approx(3.0, abs=1e-9)
    assert right.value == pytest.approx(4.0, abs=1e-9)


def test_a_corner_beside_the_point_does_not_disturb():
    line = Line(lambda t: complex(max(t.real - 1e-3, 0.0) + 3 * t.real), 1.0, EPS)
    found = line.central()
    assert abs(found.value - 3.0) <= 2 * found.error < 1e-7


def test_in_float32_the_error_says_so():
    found = Line(lambda t: complex(np.float32(np.sin(np.float32(0.5 + t.real)))), 1.0, 2**-23).central()
    assert abs(found.value - math.cos(0.5)) <= 2 * found.error
    assert 1e-8 < found.error < 1e-3
