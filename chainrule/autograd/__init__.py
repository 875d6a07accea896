"""Reverse-mode automatic differentiation on NumPy, with PyTorch's names.

    import chainrule.autograd as torch

    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = (x**2).sum()
    loss.backward()
    x.grad  # tensor([2., 4., 6.])

Code written for PyTorch's tensors, ``nn``, ``optim`` and ``autograd`` runs when its import is exchanged; what is
not here says so. The derivatives stand in ``table``. Two likely mistakes are errors here, see ``strict``.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.autograd import autograd, nn, optim, utils
from chainrule.autograd.contents import Size
from chainrule.autograd.dtypes import (
    bool_,
    device,
    double,
    dtype,
    float16,
    float32,
    float64,
    float_,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    int_,
    long,
    set_default_dtype,
    short,
    uint8,
)
from chainrule.autograd.errors import AutogradError, StrictError, UnsupportedError, missing
from chainrule.autograd.modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from chainrule.autograd.nn.functional import log_softmax, prelu, relu, softmax
from chainrule.autograd.ops import functions, methods
from chainrule.autograd.ops.base import checked
from chainrule.autograd.strictness import is_strict, strict
from chainrule.autograd.tensor import Tensor

e, pi, inf, nan = math.e, math.pi, math.inf, math.nan
# Names that are Python's own here, and PyTorch's to its users.
_SHADOWS = {"bool": bool_, "float": float_, "int": int_}

for _name in ("relu", "softmax", "log_softmax", "prelu"):
    setattr(Tensor, _name, globals()[_name])
globals().update(functions)
globals().update(_SHADOWS)


class cuda:
    """There is none, which programs ask before they use it."""

    @staticmethod
    def is_available() -> Any:
        """False."""
        return False

    @staticmethod
    def device_count() -> Any:
        """0."""
        return 0


class accelerator(cuda):
    """There is none."""


def is_tensor(obj: Any) -> Any:
    """Whether it is a tensor."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> Any:
    """The number of entries."""
    return checked(input, "numel").numel()


__all__ = [  # noqa: PLE0604, RUF100
    "AutogradError", "Size", "StrictError", "Tensor", "UnsupportedError", "accelerator", "autograd", "cuda",
    "device", "double", "dtype", "e", "enable_grad", "float16", "float32", "float64", "get_default_dtype",
    "half", "inf", "inference_mode", "int8", "int16", "int32", "int64", "is_grad_enabled", "is_strict",
    "is_tensor", "log_softmax", "long", "nan", "nn", "no_grad", "numel", "optim", "pi", "prelu", "relu",
    "set_default_dtype", "set_grad_enabled", "short", "softmax", "strict", "uint8", "utils", *functions,
    *_SHADOWS,
]  # fmt: skip
_KNOWN = sorted({*__all__, *methods})


def __getattr__(name: str) -> Any:
    raise missing("", name, __all__)
