from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.activations.base import ACTIVATIONS, Activation
from chainrule.core.types import Array


@ACTIVATIONS.register("softmax")
@dataclass(frozen=True)
class Softmax(Activation):
    """a_i = exp(z_i) / sum_j exp(z_j): each row becomes probabilities that sum to 1.  Bridle 1990.

    The largest z of a row is subtracted first; that changes nothing but keeps exp from overflowing. Its
    derivative is a matrix, da_i/dz_j = a_i (1[i = j] - a_j), so dz = a (da - sum_j da_j a_j).
    As the last layer under a cross-entropy the loss takes its place, working from the logits.
    """

    backward_reads = "a"
    operations = 5

    def forward(self, z: Array, out: Array | None = None, scratch: Array | None = None) -> Array:
        row = None if scratch is None else scratch[:, -1:]
        top = np.max(z, axis=1, keepdims=True, out=row)  # (n, 1)
        with np.errstate(over="ignore"):  # exp of minus infinity is 0
            a = np.subtract(z, top, out=out)
        np.exp(a, out=a)
        total = np.sum(a, axis=1, keepdims=True, out=row)
        return np.divide(a, total, out=a)

    def backward(
        self, da: Array, z: Array, a: Array, out: Array | None = None, scratch: Array | None = None
    ) -> Array:
        product = np.multiply(da, a, out=None if scratch is None else scratch[:, :-1])
        dot = np.sum(product, axis=1, keepdims=True, out=None if scratch is None else scratch[:, -1:])
        dz = np.subtract(da, dot, out=out)
        return np.multiply(dz, a, out=dz)

    def scratch_for(self, z: Array) -> Array:
        return np.empty((z.shape[0], z.shape[1] + 1), z.dtype)  # a product, and one number a row

    def in_torch(self, torch: Any) -> Any:
        return torch.nn.Softmax(dim=1)
