"""What elu and selu are: linear above 0, a scaled exponential below."""

from __future__ import annotations

import numpy as np

from chainrule.core.types import Array


def forward(z: Array, above: float, below: float, out: Array | None, scratch: Array | None) -> Array:
    """above z where z > 0, else below (exp(z) - 1).  ``scratch``: (2, n, d) or None."""
    a = np.minimum(z, 0, out=out)  # so that exp never overflows
    np.expm1(a, out=a)  # exp(z) - 1 would lose the digits of a small z
    a *= below
    positive = np.maximum(z, 0, out=None if scratch is None else scratch[0])
    with np.errstate(over="ignore"):  # of the largest numbers, which selu makes larger
        positive *= above
    a += positive  # one of the two is 0
    return a


def backward(da: Array, z: Array, above: float, below: float, out: Array | None, scratch: Array | None) -> Array:
    """da times above where z > 0, else below exp(z)."""
    slope, step = np.empty((2, *z.shape), z.dtype) if scratch is None else scratch
    np.minimum(z, 0, out=slope)
    np.exp(slope, out=slope)
    slope *= below
    np.heaviside(z, 0, out=step)  # 1 where z > 0, else 0: chooses a side, exactly and without a branch
    np.subtract(1, step, out=step)
    slope *= step
    np.heaviside(z, 0, out=step)
    step *= above
    slope += step
    dz: Array = np.multiply(da, slope, out=out)
    return dz
