"""The curvature of a loss: products with its Hessian H, and the largest eigenvalue of H.

Gradient descent on a quadratic, theta <- theta - eta H theta, multiplies the part along an eigenvector by
1 - eta lambda: it shrinks where eta < 2 / lambda, and grows, changing sign at each step, where eta > 2 / lambda.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.engine import Engine, blas_threads
from chainrule.losses import LOSSES, Loss
from chainrule.network import Network

Vector = Callable[[Array], Array]
STEPS = (1e-7, 1e-8, 1e-9, 1e-10)  # of the differences, tried in this order
ALIKE = 1e-3  # of the differences to both sides
LANCZOS = 40  # products; the largest eigenvalue has settled to 1e-3 within 10 to 30
SETTLED = 1e-4  # relative change of the eigenvalue from one product to the next, five times running


def gradient_at(network: Network, loss: str | Loss, X: Any, y: Any) -> Vector:
    """A function from weights to the gradient of the loss on all rows; the network's own weights stay.

    Raises AssertionError for a network of float32: the differences below need float64.
    """
    assert network.dtype == np.float64
    loss = LOSSES.make(loss)
    x = network.features(X)
    target = loss.prepare(np.asarray(y), len(x), network.d_out, network.dtype)
    params = network.params
    engine = Engine(network.core_modules(loss), params, loss, x, target, len(x))

    def gradient(theta: Array) -> Array:
        before = params.theta.copy()
        params.theta[:] = theta
        with np.errstate(all="ignore"):
            engine.batch(None).run()
        params.theta[:] = before
        return engine.grad.theta.copy()

    return gradient


def hessian_product(gradient: Vector, theta: Array) -> Vector:
    """v -> H v = (g(theta + h v) - g(theta - h v)) / 2h, for v of length about 1.

    The gradient of a ReLU network jumps where a unit switches on or off for some row, and H is meant as it is
    between such places. A jump within h is seen by the differences to both sides, which then do not agree; h is
    made smaller until they do. At the smallest h rounding leaves about six digits.
    """
    here = gradient(theta)

    def product(v: Array) -> Array:
        for h in STEPS:
            with np.errstate(all="ignore"):
                ahead, behind = gradient(theta + h * v) - here, here - gradient(theta - h * v)
                found = (ahead + behind) / (2 * h)
                if np.linalg.norm(ahead - behind) <= ALIKE * np.linalg.norm(ahead + behind):
                    break
        return np.asarray(found)

    return product


def largest_eigenvalue(product: Vector, size: int, rng: np.random.Generator, most: int = LANCZOS) -> float:
    """The largest eigenvalue of a symmetric matrix of which only products with vectors are known.

    Lanczos 1950: an orthonormal basis q1, q2 ... of what v, H v, H^2 v ... span, in which H is tridiagonal; the
    largest eigenvalue of that small matrix comes near the largest of H from below. Each new vector is made
    orthogonal to all before, twice, as rounding would otherwise let found directions back in. NaN where a product
    is not finite.
    """
    q = rng.standard_normal(size)
    basis = np.empty((min(most, size), size))
    diagonal: list[float] = []
    beside: list[float] = []
    found: list[float] = []
    for i in range(len(basis)):
        basis[i] = q / np.linalg.norm(q)
        q = product(basis[i])
        if not np.isfinite(q).all():
            return math.nan
        diagonal.append(float(q @ basis[i]))
        for _ in range(2):
            q = q - basis[: i + 1].T @ (basis[: i + 1] @ q)
        found.append(_largest(diagonal, beside))
        beside.append(float(np.linalg.norm(q)))
        last = found[-6:]
        if beside[-1] <= 1e-12 or (len(last) == 6 and np.ptp(last) <= SETTLED * abs(last[-1])):
            break
    return found[-1]


def _largest(diagonal: list[float], beside: list[float]) -> float:
    small = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return float(np.linalg.eigvalsh(small)[-1])


def sharpness(network: Network, loss: str | Loss, X: Any, y: Any, rng: np.random.Generator) -> float:
    """The largest eigenvalue of the Hessian of the loss on all rows, at the network's weights."""
    theta = network.params.theta.copy()
    with blas_threads(1):  # products as small as these gain nothing from two, and beside other work wait for both
        return largest_eigenvalue(hessian_product(gradient_at(network, loss, X, y), theta), theta.size, rng)


def hessian(gradient: Vector, theta: Array) -> Array:
    """All of H, (p, p), a product with each axis: for networks of some hundred parameters at most."""
    product = hessian_product(gradient, theta)
    full = np.array([product(axis) for axis in np.eye(theta.size)])
    return np.asarray((full + full.T) / 2)
