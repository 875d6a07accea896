from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.settings import number, yes_or_no
from chainrule.core.types import Array, Shape
from chainrule.initializers import Initializer
from chainrule.layers._same_width import SameWidth
from chainrule.layers.base import LAYERS, Out, Rng, Views


class Parts:
    """Room for the factor of each entry and for what the slopes' gradient is the sum of."""

    def __init__(self, x: Array) -> None:
        self.factor, self.product = np.empty_like(x), np.empty_like(x)
        self.half = np.empty(x.shape, bool)


@LAYERS.register("prelu")
@dataclass(frozen=True)
class PReLU(SameWidth):
    """z = x where x > 0, else a x, with a learned slope a.  He et al. 2015.

    ``shared`` learns one slope for the layer, as PyTorch's PReLU does unless told; else each unit has its own.
    Slopes start at ``initial``. At x = 0 the derivative is taken as a, as PyTorch does.

    It is used as an activation, and is a layer because it learns.
    """

    shared: bool = True
    initial: float = 0.25

    examples = ({"d": 5}, {"d": 4, "shared": False, "initial": -0.5})
    parameter_names = {"a": "weight"}  # noqa: RUF012
    initializer = "he"
    is_activation = True

    def __post_init__(self) -> None:
        super().__post_init__()
        yes_or_no("prelu: shared", self.shared)
        number("prelu: initial", self.initial)

    def shapes(self) -> dict[str, Shape]:
        return {"a": (1 if self.shared else self.d_in,)}

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        p["a"][:] = self.initial

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        # The positive part and the negative one, of which one is 0: a maximum would need to know that a < 1
        z = np.minimum(x, 0, out=out)
        z *= p["a"]
        z += np.maximum(x, 0, out=None if scratch is None else scratch.product)
        return z

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        s = Parts(x) if scratch is None else scratch
        np.minimum(x, 0, out=s.product)
        s.product *= dz
        if self.shared:
            np.add.reduce(s.product, axis=None, keepdims=True, out=g["a"].reshape(1, 1))
        else:
            np.add.reduce(s.product, axis=0, out=g["a"])
        if not wants_dx:
            return None
        # Without a branch: a below 0 and at it, and 1 above
        np.multiply(np.less_equal(x, 0, out=s.half), p["a"], out=s.factor)
        s.factor += np.greater(x, 0, out=s.half)
        return np.multiply(dz, s.factor, out=out)

    def scratch_for(self, x: Array) -> Parts:
        return Parts(x)

    def operations(self) -> int:
        return 2 * self.d_in

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.PReLU(1 if self.shared else self.d_in, init=self.initial)
