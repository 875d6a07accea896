"""Products with the Hessian and its largest eigenvalue, against PyTorch, autograd and known matrices."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
import chainrule.autograd as own
from chainrule.studies.curvature import gradient_at, hessian, hessian_product, largest_eigenvalue, sharpness
from chainrule.studies.descent import Problem, descend, divergence_point

CASES = [
    ("tanh", "mean_squared_error"),
    ("sigmoid", "cross_entropy"),
    ("relu", "mean_squared_error"),
    ("relu", "cross_entropy"),
]


def case(activation, loss, rng):
    net = cr.MLP([4, 6, 5, 3], activation, dtype="float64", seed=3)
    net.params.theta[:] += 0.1 * rng.standard_normal(net.params.theta.size)
    X = rng.standard_normal((20, 4))
    y = rng.integers(0, 3, 20) if loss == "cross_entropy" else rng.standard_normal((20, 3))
    return net, X, y


def loss_in(torch, net, activation, loss, X, y):
    """The same loss as a function of the flat weights, written on tensors."""
    shapes = [value.shape for value in net.params.values()]

    def value(theta):
        parts, start = [], 0
        for shape in shapes:
            parts.append(theta[start : start + math.prod(shape)].reshape(shape))
            start += math.prod(shape)
        a = torch.tensor(X)
        for i in range(0, len(parts), 2):
            a = a @ parts[i].t() + parts[i + 1]
            a = getattr(torch, activation)(a) if i + 2 < len(parts) else a
        if loss == "mean_squared_error":
            return ((a - torch.tensor(y)) ** 2).mean()
        return torch.nn.functional.cross_entropy(a, torch.tensor(y))

    return value


@pytest.mark.parametrize(("activation", "loss"), CASES)
def test_the_hessian_and_its_largest_eigenvalue_are_pytorchs(activation, loss, pytorch, rng):
    net, X, y = case(activation, loss, rng)
    torch = pytorch.torch
    theta = torch.tensor(net.params.theta)
    full = torch.autograd.functional.hessian(loss_in(torch, net, activation, loss, X, y), theta).numpy()
    found = hessian(gradient_at(net, loss, X, y), net.params.theta.copy())
    # Differences with a step of 1e-7 in float64 leave about seven digits.
    np.testing.assert_allclose(found, full, rtol=0, atol=1e-6 * np.abs(full).max())
    largest = np.linalg.eigvalsh(full)[-1]
    assert sharpness(net, loss, X, y, rng) == pytest.approx(largest, rel=1e-4)


@pytest.mark.parametrize(("activation", "loss"), CASES)
def test_a_product_is_what_going_back_twice_gives(activation, loss, rng):
    net, X, y = case(activation, loss, rng)
    v = rng.standard_normal(net.params.theta.size)
    v /= np.linalg.norm(v)
    theta = own.tensor(net.params.theta.copy(), requires_grad=True)
    value = loss_in(own, net, activation, loss, X, y)(theta)
    (gradient,) = own.autograd.grad(value, theta, create_graph=True)
    (twice,) = own.autograd.grad((gradient * own.tensor(v)).sum(), theta)
    product = hessian_product(gradient_at(net, loss, X, y), net.params.theta.copy())
    expected = np.array(twice.tolist())
    np.testing.assert_allclose(product(v), expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_a_unit_about_to_switch_does_not_spoil_the_product(rng):
    net, X, y = case("relu", "mean_squared_error", rng)
    W, b = net.params["0.weight"], net.params["0.bias"]
    gradient = gradient_at(net, "mean_squared_error", X, y)
    z = X @ W.T + b
    b[2] -= z[5, 2] - 3e-9  # on for row 5 by a hair: a step of 1e-7 would switch it off
    v = np.zeros(net.params.theta.size)
    v[W.size + 2] = 1.0  # the direction of that bias
    near = hessian_product(gradient, net.params.theta.copy())(v)
    b[2] += 1e-4  # the same side, far from the switch
    far = hessian_product(gradient, net.params.theta.copy())(v)
    assert np.abs(near - far).max() < 1e-3 * np.abs(far).max()
    naive = (
        gradient(net.params.theta - 1e-4 * v + 1e-7 * v) - gradient(net.params.theta - 1e-4 * v - 1e-7 * v)
    ) / 2e-7
    assert np.abs(naive - far).max() > 10 * np.abs(far).max()  # this is what is spared


@given(size=st.integers(1, 30), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_lanczos_finds_the_largest_eigenvalue_of_a_known_matrix(size, seed, scale):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((size, size)) * scale
    A = A + A.T
    found = largest_eigenvalue(lambda v: A @ v, size, rng)
    values = np.linalg.eigvalsh(A)
    assert abs(found - values[-1]) <= 2e-3 * np.abs(values).max()


def test_a_product_that_overflows_is_not_a_number(rng):
    assert np.isnan(largest_eigenvalue(lambda v: v * np.inf, 5, rng))


def test_on_a_quadratic_descent_fails_from_2_over_the_curvature(rng):
    X = rng.standard_normal((50, 4)) * (3, 1, 1, 1)
    y = rng.standard_normal((50, 1))
    problem = Problem("linear", (4, 1), "xavier", "mean_squared_error", X, y, "full", 5, (X, y), 0)
    ones = np.hstack([X, np.ones((50, 1))])
    exact = np.linalg.eigvalsh(2 * ones.T @ ones / 50)[-1]
    assert problem.curvature(problem.network()) == pytest.approx(exact, rel=1e-4)
    for guess in (0.1, 20):  # from below and from above
        found = divergence_point(problem, guess / exact, 3000)
        assert found == pytest.approx(2 / exact, rel=0.03)  # 1 % of bisection; growth just above takes its time


def test_a_descent_says_where_it_diverged_and_what_it_measured(rng):
    X, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    problem = Problem("small", (4, 6, 2), "he", "mean_squared_error", X, y, "full", 40, (X, y), 0)
    good, bad = descend(problem, 0.05, 3), descend(problem, 100.0, 3)
    assert good.diverged is None
    assert good.last < good.first
    assert good.curvature_at[0] == 0
    assert good.curvature_at[-1] == 40
    assert bad.outcome == "diverged"
    assert bad.diverged <= 20
    assert bad.highest > 1e6
    twice = descend(problem, 0.05, 3)
    assert twice == good


def test_the_loss_of_a_constant_answer_is_that_of_the_best_one(rng):
    X, y = np.zeros((40, 3)), rng.standard_normal((40, 2))
    values = Problem("values", (3, 2), "zeros", "mean_squared_error", X, y, "full", 400, (X, y), 0)
    assert values.constant_loss == pytest.approx(descend(values, 0.5, 1).losses[-1], rel=1e-6)
    labels = rng.integers(0, 2, 40)
    classes = Problem("classes", (3, 2), "zeros", "cross_entropy", X, labels, "full", 400, (X, labels), 0)
    assert classes.constant_loss == pytest.approx(descend(classes, 0.5, 1).losses[-1], rel=1e-6)
