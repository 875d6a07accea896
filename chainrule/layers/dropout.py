from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.kernels import kernel
from chainrule.core.settings import number
from chainrule.core.types import Array, Shape
from chainrule.initializers import Initializer
from chainrule.layers._same_width import SameWidth
from chainrule.layers.base import LAYERS, Out, Rng, Views

PIECES, LEVELS = 3, 2**16  # a random number's 48 highest bits are three of 16


class Mask:
    """What each entry was multiplied by, and the room to draw it in."""

    def __init__(self, x: Array) -> None:
        self.drawn = False
        self.factor = np.empty_like(x)
        count = -(-x.size // PIECES)
        self.random, self.bits = np.empty(count), np.empty(count, np.int64)
        low = slice(PIECES) if np.little_endian else slice(None, 0, -1)
        self.pieces = self.bits.view(np.uint16).reshape(count, 4)[:, low].T
        self.numbers, kept = np.empty((PIECES, count), np.uint16), np.empty((PIECES, count), bool)
        self.compared = kept
        self.kept = kept.reshape(-1)[: x.size].reshape(x.shape)


@LAYERS.register("dropout")
@dataclass(frozen=True)
class Dropout(SameWidth):
    """z = x m / (1 - rate), m being 0 with probability ``rate``, else 1; outside training z = x.

    Drawn for each entry of each batch; the factor keeps the mean, so that nothing is left to do when predicting
    ("inverted" dropout, as PyTorch has it). Srivastava et al. 2014. ``rate``, in [0, 1), is rounded to 1/65536.
    The masks of a seed are the same in float32 and float64.
    """

    rate: float = 0.5

    examples = ({"d": 5}, {"d": 4, "rate": 0.25}, {"d": 3, "rate": 0.0})

    def __post_init__(self) -> None:
        super().__post_init__()
        number("dropout: rate", self.rate, least=0, below=1)

    def shapes(self) -> dict[str, Shape]:
        return {}

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        """Nothing: it has no parameters."""

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        if rng is None:
            if scratch is not None:
                scratch.drawn = False
            return np.positive(x, out=out)
        mask = Mask(x) if scratch is None else scratch
        self._draw(mask, rng)
        return np.multiply(x, mask.factor, out=out)

    def fused_forward(self, x: Array, p: Views, out: Array, scratch: Any, rng: Rng) -> Array:
        if rng is None:
            return self.forward(x, p, out, scratch)
        rng.random(out=scratch.random)
        scratch.drawn = True
        _drop.compiled(x, scratch.random, self._least(), 1 / (1 - self.rate), scratch.factor, out)
        return out

    def _least(self) -> int:
        """Of the numbers below LEVELS, the least that keeps an entry."""
        return min(round(self.rate * LEVELS), LEVELS - 1)

    def _draw(self, mask: Mask, rng: np.random.Generator) -> None:
        # A generator makes 64 random bits at a time, which are most of the cost: three entries share them. In all
        # (64, 128) takes 41 us, with rng.random(dtype=float32) for each entry 52.
        rng.random(out=mask.random)
        mask.random *= 2.0 ** (16 * PIECES)
        np.copyto(mask.bits, mask.random, casting="unsafe")
        np.copyto(mask.numbers, mask.pieces)
        np.greater_equal(mask.numbers, self._least(), out=mask.compared)
        np.multiply(mask.kept, mask.factor.dtype.type(1 / (1 - self.rate)), out=mask.factor)
        mask.drawn = True

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        if not wants_dx:
            return None
        mask: Mask | None = scratch
        if mask is None or not mask.drawn:
            return np.positive(dz, out=out)
        return np.multiply(dz, mask.factor, out=out)

    def scratch_for(self, x: Array) -> Mask:
        return Mask(x)

    def operations(self) -> int:
        return 0  # of a prediction

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Dropout(self.rate)


@kernel
def _drop(x, random, least, scale, factor, out):  # type: ignore[no-untyped-def]
    """The same mask: the first entries take the lowest piece of each number, the next ones the piece above."""
    x, factor, out = x.ravel(), factor.ravel(), out.ravel()
    scale, nothing = x.dtype.type(scale), x.dtype.type(0)
    for piece in range(PIECES):
        start = piece * random.size
        for i in range(min(random.size, x.size - start)):
            bits = np.int64(random[i] * 2.0 ** (16 * PIECES))
            factor[start + i] = scale if (bits >> 16 * piece) & (LEVELS - 1) >= least else nothing
            out[start + i] = x[start + i] * factor[start + i]
