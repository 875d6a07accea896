"""An activation or a loss of your own, written on tensors: the engine uses it, and nobody derives anything.

@cr.activations.ACTIVATIONS.register("swish")
@dataclass(frozen=True)
class Swish(cr.TensorActivation):
    def function(self, z):
        return z * torch.sigmoid(z)
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.activations.base import Activation
from chainrule.autograd import graph
from chainrule.autograd.modes import set_grad_enabled
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array
from chainrule.losses.base import Loss


def _leaf(array: Array) -> Tensor:
    """The array as a tensor to differentiate by."""
    return wrap(array).requires_grad_()


def _tensor(value: Any, what: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"{what} must return a tensor of chainrule.autograd, not {type(value).__name__}")
    return value


class TensorActivation(Activation):
    """a = function(z), entry by entry or row by row; the derivative comes from the graph.

    Slower than an activation with its derivative written out: ``backward`` computes the function again.
    """

    backward_reads = "z"

    @abstractmethod
    def function(self, z: Any) -> Any:
        """a from z, tensors of shape (n, d)."""

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        if not isinstance(z, np.ndarray):
            raise InputError(f"{self.name} takes an array, (n, d); not {z!r:.40}")
        with set_grad_enabled(False):
            a = self._checked(z, wrap(z))
        if out is None:
            return np.array(a)
        out[...] = a
        return out

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        with set_grad_enabled(True):
            leaf = _leaf(z)
            value = _tensor(self.function(leaf), f"{self.name}: function")
            found = graph.grad(value, leaf, wrap(da), allow_unused=True)[0] if value.requires_grad else None
        dz = np.zeros_like(z) if found is None else found.numpy()
        if out is None:
            return dz
        out[...] = dz
        return out

    def _checked(self, z: Array, tensor: Tensor) -> Array:
        a = _tensor(self.function(tensor), f"{self.name}: function")._array
        if a.shape != z.shape:
            raise ShapeError(
                f"{self.name}: function made shape {a.shape} of {z.shape}; an activation keeps the shape"
            )
        return a


# A mixin: the loss it is joined with gives the target's form, the link and the decision.
if TYPE_CHECKING:
    _Base = Loss
else:
    _Base = object


class TensorLoss(_Base):
    """L = mean or sum of function(logits, target), put before a loss whose targets and decisions it shares.

        class LogCosh(cr.TensorLoss, cr.losses.MeanSquaredError): ...

    The mean divides by the number of losses that the function makes: n for one a row, n k for one an output.
    """

    @abstractmethod
    def function(self, logits: Any, target: Any) -> Any:
        """The losses, not yet reduced, (n,) or (n, k), from logits (n, k) and the prepared target."""

    def terms(
        self, logits: Array, target: Array, out: Array | None = None, scratch: Any = None
    ) -> tuple[Array, Array]:
        if not isinstance(logits, np.ndarray) or logits.ndim != 2 or not logits.size:
            raise InputError(
                f"{self.name} takes an array of logits, (n, k), of a row at least; not {logits!r:.40}"
            )
        with set_grad_enabled(True):
            leaf = _leaf(logits)
            losses = _tensor(self.function(leaf, wrap(np.asarray(target))), f"{self.name}: function")
            found = graph.grad(losses.sum(), leaf, allow_unused=True)[0] if losses.requires_grad else None
        gradient = np.zeros_like(logits) if found is None else found.numpy()
        terms = np.array(losses.detach().numpy())
        if terms.shape == logits.shape[:1]:
            terms = terms[:, None]
        if terms.shape not in ((len(logits), 1), logits.shape):
            raise ShapeError(
                f"{self.name}: function made shape {terms.shape} of logits {logits.shape}; a loss a row is "
                f"({len(logits)},), a loss an output {logits.shape}. The mean or sum is taken for you"
            )
        if out is None:
            return terms, gradient
        out[...] = gradient
        return terms, out

    def scratch_for(self, logits: Array, target: Array) -> Any:
        """None: the graph allocates for itself."""
        return None

    def fused(self, *arrays: Any) -> None:
        """None: the loops of the loss that it is joined with compute another function."""

    def in_torch(self, torch: Any) -> Any:
        """None, as PyTorch's tensors are not ours."""
        return None
