"""Running averages of the gradient, in place: what most optimizers are made of."""

from __future__ import annotations

import numpy as np

from chainrule.core.types import Array


def average(m: Array, g: Array, beta: float, work: Array) -> None:
    """m <- beta m + (1 - beta) g."""
    # m + (1 - beta)(g - m) is the same mean in one pass less
    np.subtract(g, m, out=work)
    work *= 1 - beta
    m += work


def average_of_squares(v: Array, g: Array, beta: float, work: Array) -> None:
    """v <- beta v + (1 - beta) g^2."""
    np.multiply(g, g, out=work)
    work *= 1 - beta
    v *= beta
    v += work
