"""Rung 1: NumPy, every derivative by hand, no biases.

h = x w1, a = max(0, h), z = a w2, L = sum (z - y)^2; samples are rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def train(x: Any, y: Any, w1: Any, w2: Any, learning_rate: float, steps: int) -> list[float]:
    """The loss before each step; the weights change in place.  x: (n, d_in), w1: (d_in, h), w2: (h, d_out)."""
    losses = []
    for _ in range(steps):
        h = x @ w1
        a = np.maximum(h, 0)
        z = a @ w2
        losses.append(((z - y) ** 2).sum())

        dz = 2 * (z - y)
        dw2 = a.T @ dz
        da = dz @ w2.T
        dh = np.where(h > 0, da, 0)
        dw1 = x.T @ dh

        w1 -= learning_rate * dw1
        w2 -= learning_rate * dw2
    return losses
