from __future__ import annotations

import numpy as np

from chainrule.core.types import Array


class Rows:
    """Working memory for rows with a class each: two arrays like the logits, two numbers a row, and the place of
    each row's own class in the flat array."""

    def __init__(self, logits: Array) -> None:
        n, k = logits.shape
        self.work = np.empty((2, n, k), logits.dtype)
        self.own = np.empty((n, 1), logits.dtype)
        self.total = np.empty((n, 1), logits.dtype)
        self.start = np.arange(n) * k
        self.place = np.empty(n, np.intp)

    def find(self, target: Array) -> None:
        """The places of these classes, for ``take`` and ``put``."""
        np.add(self.start, target, out=self.place)

    def take(self, array: Array, own: Array) -> None:
        """Fill ``own``, (n, 1), with each row's entry of its own class; ``array`` is contiguous."""
        array.reshape(-1).take(self.place, out=own[:, 0], mode="clip")  # "raise" would copy

    def put(self, array: Array, own: Array | float) -> None:
        """The inverse."""
        array.reshape(-1)[self.place] = own
