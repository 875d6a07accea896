"""All parameters in one flat vector, with a named view of each.

    theta   (total,)     what an optimizer, a norm or a checkpoint sees: one array
    params["0.weight"]   a view of theta in its own shape: what a layer sees

A view is written to, never rebound, so both always show the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.core.errors import SettingError
from chainrule.core.types import Array, Shape


class Params(Mapping[str, Array]):
    """A flat vector ``theta`` and its named views, in the order of ``shapes``."""

    def __init__(self, shapes: Mapping[str, Shape], dtype: DTypeLike) -> None:
        self.shapes = dict(shapes)
        total = sum(map(math.prod, self.shapes.values()))
        try:
            self.theta: Array = np.zeros(total, dtype)
        except (MemoryError, ValueError, OverflowError):
            raise SettingError(
                f"a network of {total:.3g} parameters doesn't fit into memory; make it smaller"
            ) from None
        self._views: dict[str, Array] = {}
        start = 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            self._views[name] = self.theta[start:stop].reshape(shape)
            start = stop

    def like(self) -> Params:
        """The same names and shapes over a zero vector of its own: the place for a gradient."""
        return Params(self.shapes, self.theta.dtype)

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        return f"Params({self.theta.size} numbers of {self.theta.dtype}: {', '.join(self)})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Params:
        # The default would copy each view into an array of its own, cut off from theta.
        copy = self.like()
        copy.theta[:] = self.theta
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.shapes, self.theta)


def _restore(shapes: Mapping[str, Shape], theta: Array) -> Params:
    params = Params(shapes, theta.dtype)
    params.theta[:] = theta
    return params
