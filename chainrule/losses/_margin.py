from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import ShapeError
from chainrule.core.types import Array, DType
from chainrule.losses._rows import Rows
from chainrule.losses._targets import labels, labels_or_shares, only_labels
from chainrule.losses.base import Loss


class Margin(Loss):
    """Of margins, by which the right class is ahead; where it is ahead by 1 or more, nothing is lost.

    One output: l(max(0, 1 - s z)), s = 1 for yes and -1 for no, decided by the sign. k outputs, one a class: the
    sum of l(max(0, 1 - z_y + z_j)) over every j but y, over k; the largest decides (Weston & Watkins 1999), as in
    PyTorch's MultiMarginLoss. Crammer & Singer 2001 take the largest of them instead of the sum, so that a row
    teaches one wrong class at a time. The mean is over rows. There are no probabilities.
    """

    link = "identity"
    task = "classes"

    @abstractmethod
    def lack(self, m: Array, losses: Array) -> None:
        """Fill ``losses`` with l(m), and ``m``, what is lacking of the margin and at least 0, with l'(m)."""

    def count(self, n: int, k: int) -> int:
        return n

    def outputs(self, classes: int) -> int:
        return 1 if classes == 2 else classes

    def prepare(self, target: Array, n: int, k: int, dtype: DType) -> Array:
        if k == 1:
            target = checks.numeric("the target", target)
            if target.shape not in ((n,), (n, 1)):
                raise ShapeError(
                    f"{self.name} takes labels of shape ({n},); the target has shape {target.shape}",
                    guard="loss-shape",
                )
            return labels(target.reshape(n), 2)
        return only_labels(self.name, labels_or_shares(self.name, target, n, k, dtype))

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Rows | None = None
    ) -> tuple[Array, Array]:
        if target.shape != logits.shape[:1]:
            raise ShapeError(
                f"{self.name}: logits of shape {logits.shape}, labels of shape {target.shape}", guard="loss-shape"
            )
        s = self.scratch_for(logits, target) if scratch is None else scratch
        out = np.empty_like(logits) if out is None else out
        return self._sign(logits, target, out, s) if logits.shape[1] == 1 else self._each(logits, target, out, s)

    def _sign(self, z: Array, target: Array, out: Array, s: Rows) -> tuple[Array, Array]:
        m, sign = s.work[0], s.own
        np.multiply(target[:, None], 2, out=sign, casting="unsafe")
        sign -= 1
        np.multiply(z, sign, out=m)
        np.subtract(1, m, out=m)
        np.maximum(m, 0, out=m)
        self.lack(m, s.work[1])
        np.multiply(m, sign, out=out)
        np.negative(out, out=out)
        return s.work[1], out

    def _each(self, z: Array, target: Array, out: Array, s: Rows) -> tuple[Array, Array]:
        m, losses = s.work
        m[...] = z
        s.find(target)
        s.take(m, s.own)
        m -= s.own
        m += 1
        np.maximum(m, 0, out=m)
        s.put(m, 0)
        self.lack(m, losses)
        k = z.shape[1]
        np.add.reduce(losses, axis=1, out=s.total, keepdims=True)
        s.total /= k
        m /= k
        np.add.reduce(m, axis=1, out=s.own, keepdims=True)
        np.negative(s.own, out=s.own)
        s.put(m, s.own[:, 0])
        out[...] = m
        return s.total, out

    def decide(self, logits: Array) -> Array:
        if logits.shape[1] == 1:
            return (logits[:, 0] > 0).astype(np.intp)
        return np.asarray(logits.argmax(axis=1))

    def scratch_for(self, logits: Array, target: Array) -> Rows:
        return Rows(logits)

    def example_target(self, rng: np.random.Generator, n: int, k: int) -> Array:
        return rng.integers(0, max(k, 2), n)

    def in_torch(self, torch: Any) -> Any:
        def function(logits: Any, target: Any) -> Any:
            if logits.shape[1] == 1:
                losses = self.in_torch_lack(torch.relu(1 - (2 * target.reshape((-1, 1)) - 1) * logits))
            else:
                own = logits.gather(1, target.reshape((-1, 1)))
                lost = self.in_torch_lack(torch.relu(1 - own + logits)).sum(1) - 1  # l(1) = 1 of the class itself
                losses = lost / logits.shape[1]
            return losses.mean() if self.reduction == "mean" else losses.sum()

        return function

    @abstractmethod
    def in_torch_lack(self, m: Any) -> Any:
        """l(m), of a tensor."""
