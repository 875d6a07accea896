"""``torch.nn.utils``: gradients kept small."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.autograd.errors import missing
from chainrule.autograd.ops.base import constant
from chainrule.autograd.tensor import Tensor


def _with_grad(parameters: Tensor | Iterable[Tensor]) -> list[Any]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p._grad for p in given if p._grad is not None]


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0) -> Tensor:
    """Scale all gradients by one factor so that their norm is at most ``max_norm``; returns the norm before."""
    grads = _with_grad(parameters)
    with np.errstate(all="ignore"):
        norms = np.array([np.linalg.norm(g._array.ravel(), norm_type) for g in grads])
        total = float(np.linalg.norm(norms, norm_type)) if len(norms) else 0.0
        factor = max_norm / (total + 1e-6)
        if factor < 1 or math.isnan(factor):
            for g in grads:
                g._array *= g._array.dtype.type(factor)
                g._version[0] += 1
    return constant(np.asarray(total, grads[0]._array.dtype if grads else np.float32))


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Keep every entry of every gradient from -clip_value to clip_value."""
    for g in _with_grad(parameters):
        np.clip(g._array, -clip_value, clip_value, out=g._array)
        g._version[0] += 1


__all__ = [
    "clip_grad_norm_", "clip_grad_value_",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise missing("nn.utils", name, __all__)
