"""Rung 3: a two-layer network without an activation, asked which quadrant a point lies in.

z = (x w1 + b1) w2 + b2. Two linear maps in a row are one, z = x (w1 w2) + (b1 w2 + b2): a second layer adds
nothing. With ``activation`` the hidden layer goes through max(0, .) and the network can bend.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def forward(x: Any, w1: Any, b1: Any, w2: Any, b2: Any, activation: bool = False) -> tuple[Any, Any]:
    """The hidden layer and the scores of the four quadrants.  x: (n, 2), w1: (2, h), w2: (h, 4)."""
    h = x @ w1 + b1
    a = np.maximum(h, 0) if activation else h
    return a, a @ w2 + b2


def train(
    x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, learning_rate: float, steps: int, activation: bool = False
) -> list[float]:
    """The loss before each step; the parameters change in place.  y: (n, 4), 1 at the quadrant."""
    losses = []
    for _ in range(steps):
        a, z = forward(x, w1, b1, w2, b2, activation)
        losses.append(((z - y) ** 2).sum())

        dz = 2 * (z - y)
        dw2 = a.T @ dz
        db2 = dz.sum(axis=0, keepdims=True)
        dh = dz @ w2.T
        if activation:
            dh = np.where(a > 0, dh, 0)
        dw1 = x.T @ dh
        db1 = dh.sum(axis=0, keepdims=True)

        w1 -= learning_rate * dw1
        b1 -= learning_rate * db1
        w2 -= learning_rate * dw2
        b2 -= learning_rate * db2
    return losses
