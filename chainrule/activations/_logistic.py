"""1 / (1 + exp(-z)), which several activations are made of."""

from __future__ import annotations

import numpy as np

from chainrule.core.types import Array


def logistic(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-z)); ``out`` may be ``z``.

    Exact to rounding wherever the result is a normal number: for z far below 0 exp(-z) is large but right, and
    once it overflows to infinity the quotient is 0, as it should be. 1 minus it is ``logistic(-z)``, which has all
    its digits where the difference has none.
    """
    a = np.negative(z, out=out)
    with np.errstate(over="ignore"):
        np.exp(a, out=a)
    a += 1
    return np.reciprocal(a, out=a)
