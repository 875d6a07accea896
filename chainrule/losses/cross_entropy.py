from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import ShapeError
from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.losses._one_class import OneClass
from chainrule.losses.base import LOSSES, same_shape


class Scratch:
    """Working memory of one batch shape: a number a row, and where each row's own class lies."""

    def __init__(self, logits: Array) -> None:
        n, k = logits.shape
        self.columns = np.empty((k, n), logits.dtype)
        self.top = np.empty((n, 1), logits.dtype)
        self.total = np.empty((n, 1), logits.dtype)
        self.own = np.empty(n, logits.dtype)
        self.ones = np.ones((k, 1), logits.dtype)
        self.start = np.arange(n) * k  # of each row in the flat array
        self.place = np.empty(n, np.intp)


@LOSSES.register("cross_entropy")
@dataclass(frozen=True)
class CrossEntropy(OneClass):
    """L = -mean_i log p_i[y_i], p = softmax(z).  dL/dz = (p - onehot(y)) / n.

    For one class of k. Targets are integer labels (n,) or probabilities (n, k), for which
    L = -mean_i sum_j y_ij log p_ij. Computed as log(sum exp(z - max z)) - (z_y - max z): the logarithm of a
    probability is never taken, so nothing can be log 0.

    ``label_smoothing`` s (Szegedy et al. 2016) takes (1 - s) y + s / k for y, as in PyTorch: no class is to be
    surer than that.
    """

    label_smoothing: float = 0.0

    for_two = "binary_cross_entropy"
    examples = ({}, {"reduction": "sum"}, {"label_smoothing": 0.1})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("cross_entropy: label_smoothing", self.label_smoothing, least=0, most=1)

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Scratch | None = None
    ) -> tuple[Array, Array]:
        labels = target.ndim == 1
        if not labels:
            same_shape(self.name, logits, target)
        elif len(target) != len(logits):
            raise ShapeError(
                f"cross_entropy: {len(logits)} rows of logits, {len(target)} labels", guard="loss-shape"
            )
        s = Scratch(logits) if scratch is None else scratch
        in_out = out is not None and out.flags.c_contiguous
        z = out if out is not None and in_out else np.empty(logits.shape, logits.dtype)
        # The largest of each row: along the first axis of a copy that is three times as fast as along rows of ten.
        s.columns[:] = logits.T
        np.maximum.reduce(s.columns, axis=0, out=s.top[:, 0])
        np.subtract(logits, s.top, out=z)  # at most 0, so exp can't overflow
        if labels:
            flat = z.reshape(-1)
            np.add(s.start, target, out=s.place)
            flat.take(s.place, out=s.own, mode="clip")  # "raise" would copy
        else:
            np.matmul(np.multiply(z, target, out=s.columns.reshape(z.shape)), s.ones, out=s.own[:, None])
        smooth = self.label_smoothing
        if smooth:
            np.matmul(z, s.ones, out=s.total)
            s.total *= smooth / z.shape[1]
            s.own *= 1 - smooth
            s.own += s.total[:, 0]
        p = np.exp(z, out=z)
        np.matmul(p, s.ones, out=s.total)  # at least 1, so its logarithm is safe
        losses = np.log(s.total, out=s.top)
        p /= s.total  # softmax
        if labels:
            losses[:, 0] -= s.own
            flat.take(s.place, out=s.own, mode="clip")
            s.own -= 1 - smooth
            flat[s.place] = s.own
        else:
            mass = np.matmul(target, s.ones, out=s.total)  # 1 but for rounding, of probabilities
            if smooth:
                mass *= 1 - smooth
                mass += smooth
                target = np.multiply(target, 1 - smooth, out=s.columns.reshape(z.shape))
            losses *= mass
            losses[:, 0] -= s.own
            p *= mass
            p -= target
        if smooth:
            p -= smooth / z.shape[1]
        if out is not None and not in_out:
            out[:] = p
            return losses, out
        return losses, p

    def fused(
        self, z: Array, b: Array, target: Array, weight: Array | None, d: Array, db: Array
    ) -> Callable[[], float] | None:
        if self.label_smoothing or target.ndim != 1 or (weight is not None and weight.shape[1] != 1):
            return None
        w = np.ones((len(z), 1), z.dtype) if weight is None else weight
        columns, (own, sums) = np.empty(z.shape[::-1], z.dtype), np.empty((2, len(z)), z.dtype)
        center, differentiate = _center.compiled, _differentiate.compiled
        mean = self.reduction == "mean"

        def call() -> float:
            center(z, b, target, columns, own)
            np.exp(columns, out=columns)  # NumPy computes eight at a time, a loop one
            return differentiate(columns, target, own, w, mean, d, db, sums)  # type: ignore[no-any-return]

        return call

    def scratch_for(self, logits: Array, target: Array) -> Scratch:
        return Scratch(logits)

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.CrossEntropyLoss(reduction=self.reduction, label_smoothing=self.label_smoothing)


# Both loops go along the rows of a transposed copy: of ten classes a row has too few for the compiler to compute
# eight at a time. Twice as fast at 512 rows of ten.


@kernel
def _center(z, b, y, columns, own):  # type: ignore[no-untyped-def]
    """columns: z + b less the largest of its row, (k, n); own: that of each row's class."""
    n, k = z.shape
    for j in range(k):
        for i in range(n):
            columns[j, i] = z[i, j] + b[j]
    own[:] = columns[0]
    for j in range(1, k):
        for i in range(n):
            own[i] = max(own[i], columns[j, i])
    for j in range(k):
        for i in range(n):
            columns[j, i] -= own[i]
    for i in range(n):
        own[i] = columns[y[i], i]


@kernel
def _differentiate(e, y, own, w, mean, d, db, sums):  # type: ignore[no-untyped-def]
    """The loss and dL/dz = w (p - onehot(y)), p = e / sum of e, with its sum over the rows; e: (k, n)."""
    k, n = e.shape
    mass = 0.0
    for i in range(n):
        mass += w[i, 0]
    share = 1.0
    if mean:
        share = 1 / mass if mass > 0 else 0.0
    factor = e.dtype.type(share)
    sums[:] = e[0]
    for j in range(1, k):
        for i in range(n):
            sums[i] += e[j, i]
    total = 0.0
    for i in range(n):
        total += w[i, 0] * (np.log(sums[i]) - own[i])
        sums[i] = w[i, 0] * factor / sums[i]
    for j in range(k):
        db[j] = 0
        for i in range(n):
            d[i, j] = e[j, i] * sums[i]
            db[j] += d[i, j]
    for i in range(n):
        d[i, y[i]] -= w[i, 0] * factor
        db[y[i]] -= w[i, 0] * factor
    return total * share
