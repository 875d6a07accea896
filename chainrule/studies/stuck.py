"""Why a small network of one hidden layer stopped learning: one reason, found in this order.

diverged      the loss or the weights stopped being finite
dead          fewer than two units that ever have a derivative other than 0 (a ReLU off for every row)
copies        the units rise and fall together over the rows: several, but one feature
saturated     rows with different answers get one, and every unit's derivative there is below 1 % of the largest
              possible (a ReLU: off): nothing comes back that could part them
plateau       none of these, but the gradient is below 0.001: a flat place, a saddle or a local minimum
unfinished    the gradient is not small; more steps would go on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

import chainrule as cr
from chainrule.activations import Activation
from chainrule.core.types import Array
from chainrule.studies.curvature import gradient_at, hessian

FLAT = 1e-3  # a gradient's length
SHUT = 0.01  # of the largest derivative that the activation has
TOGETHER = 0.99  # correlation
SAME = 0.02  # answers this near are one answer


@dataclass(frozen=True)
class Stuck:
    """``reason`` as above; what it was judged by.

    ``merged`` is the number of rows, of both kinds, that get one answer (0 if none). ``least_curvature`` is the
    smallest eigenvalue of the Hessian: below 0 there is a direction in which the loss bends down.
    """

    reason: str
    loss: float
    gradient: float
    least_curvature: float
    live: int
    merged: int


def look(net: cr.Network, loss: str, x: Array, y: Array, hidden: tuple[Array, Array], failed: bool) -> Stuck:
    """What is the matter with a network at its present weights; ``hidden`` are z and a, (n, h)."""
    gradient = gradient_at(net, loss, x, y)
    theta = net.params.theta.copy()
    length = float(np.linalg.norm(gradient(theta)))
    z, a = hidden
    activation = cast(Activation, net.modules[1])
    slope = activation.backward(np.ones_like(z), z, a)
    live = (np.abs(slope) > 0).any(axis=0)
    merged = _merged(net, x, y)
    if failed:
        reason = "diverged"
    elif live.sum() < 2:
        reason = "dead"
    elif _features(a[:, live]) < 2:
        reason = "copies"
    elif len(merged) and (np.abs(slope[merged]) < SHUT * _steepest(activation)).all():
        reason = "saturated"
    else:
        reason = "plateau" if length < FLAT else "unfinished"
    with np.errstate(all="ignore"):
        least = float(np.linalg.eigvalsh(hessian(gradient, theta))[0]) if not failed else float("nan")
    value = cr.evaluate(net, x, y)["loss"]
    return Stuck(reason, value, length, least, int(live.sum()), len(merged))


def _steepest(activation: Activation) -> float:
    """Its largest derivative, looked for from -5 to 5."""
    z = np.linspace(-5, 5, 1001)[:, None]
    return float(np.abs(activation.backward(np.ones_like(z), z, activation.forward(z))).max())


def _features(a: Array) -> int:
    """How many of the units, (n, h), vary over the rows and are not copies of one before, upside down or not."""
    centered = a - a.mean(axis=0)
    length = np.linalg.norm(centered, axis=0)
    units = (centered / np.where(length > 1e-9, length, 1)).T[length > 1e-9]
    kept: list[Array] = []
    for unit in units:
        if all(abs(float(unit @ other)) < TOGETHER for other in kept):
            kept.append(unit)
    return len(kept)


def _merged(net: cr.Network, x: Array, y: Array) -> Array:
    """The rows of the largest group that gets one answer though the right answers differ."""
    logits = net.logits(x)[:, 0]
    near = np.abs(logits[:, None] - logits) < SAME * max(1.0, float(np.abs(logits).max()))
    groups = [np.flatnonzero(row) for row in near if len(set(y[row, 0])) > 1]
    return max(groups, key=len, default=np.empty(0, np.intp))
