"""What an activation is: a function of a batch, its derivative, and how their arrays may share memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from chainrule.core.kernels import Formulas
from chainrule.core.registry import Registry
from chainrule.core.types import Array


class Activation(ABC):
    """a = f(z), row by row.  z, a, da, dz: (n, d), of one dtype.

    ``da`` is the derivative of the loss with respect to ``a``; ``backward`` returns ``dz``, the one with
    respect to ``z``. ``out=None`` makes a new array; a given ``out`` is filled and returned.

    Memory: ``forward`` may be called with ``out`` being ``z`` itself when ``backward_reads`` is "a" (and then
    ``backward`` gets that one array as both), and ``backward`` always with ``out`` being ``da``. No other
    input is ever changed. ``scratch`` is what ``scratch_for`` returned for a batch of that shape, or None.

    Where a compiled loop beats NumPy, ``formulas`` gives what it computes of one number: a of z, and da/dz of what
    ``backward_reads`` names. The loops, which add the bias before and sum its gradient after, are in
    ``engine/fused.py``. What needs an exponential goes without: NumPy computes eight at a time, such a loop one.
    """

    name: ClassVar[str]
    backward_reads: ClassVar[Literal["z", "a"]]
    initializer: ClassVar[str] = "xavier"  # what suits the Dense layer before it, unless told
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)  # settings to test it in
    operations: ClassVar[int] = 1  # floating-point operations an element, for the summary

    @abstractmethod
    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        """a = f(z)."""

    @abstractmethod
    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        """dz, from da and what ``backward_reads`` names (the other is not looked at)."""

    def in_torch(self, torch: Any) -> Any:
        """The same as a module of ``torch``: PyTorch, or ``chainrule.autograd``. None where PyTorch has none."""
        return None

    def formulas(self) -> Formulas:
        """What is to be computed of each number, for compiled loops; none where NumPy is as fast."""
        return Formulas()

    def scratch_for(self, z: Array) -> Array | None:
        """Working memory for batches shaped like ``z``, allocated once by the engine."""
        return None


ACTIVATIONS: Registry[Activation] = Registry("activation", __name__, __file__)
