"""One module of a plan with its arrays: what it is called with, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.layers import Layer, Module

Call = Callable[[], Any]


@dataclass(frozen=True)
class Step:
    """y = module(x). ``dx`` is None where nobody wants it; p, g and ``rng`` are for layers."""

    module: Module
    x: Array
    y: Array
    dy: Array
    dx: Array | None
    scratch: Any
    p: Mapping[str, Array]
    g: Mapping[str, Array]
    rng: np.random.Generator | None

    def forward(self) -> Call:
        """The call that fills y."""
        if isinstance(self.module, Layer):
            return partial(self.module.forward, self.x, self.p, self.y, self.scratch, self.rng)
        return partial(self.module.forward, self.x, self.y, self.scratch)

    def backward(self) -> Call:
        """The call that fills g and dx."""
        wants_dx = self.dx is not None
        if isinstance(self.module, Layer):
            return partial(
                self.module.backward, self.dy, self.x, self.p, self.g, self.dx, self.scratch, wants_dx=wants_dx
            )
        return partial(self.module.backward, self.dy, self.x, self.y, self.dx, self.scratch)
