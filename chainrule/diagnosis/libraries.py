"""PyTorch's names, twice: torch itself, or chainrule.autograd. What differs between the two stands here alone."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from chainrule import autograd
from chainrule.core.errors import InputError
from chainrule.core.types import Array


def library(module: Any) -> ModuleType:
    """torch or chainrule.autograd, whichever a module is of."""
    if isinstance(module, autograd.nn.Module):
        return autograd
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(module, torch.nn.Module):
        return torch
    raise InputError(
        "diagnosis takes a chainrule Network, or a Module of chainrule.autograd or torch; "
        f"not a {type(module).__name__}"
    )


def array(value: Any) -> Array:
    """The numbers of a tensor, or of anything NumPy takes, without a copy where that can be."""
    if isinstance(value, autograd.Tensor):
        return value.detach().numpy()
    if hasattr(value, "detach"):
        found: Array = value.detach().cpu().numpy()
        return found
    return np.asarray(value)


def dtype(module: Any) -> Any:
    """That of the first parameter: what the module computes with."""
    first = next(iter(module.parameters()), None)
    return library(module).float32 if first is None else first.dtype


def tensor(values: Array, module: Any) -> Any:
    """A tensor as a user would hand it to this module: whole numbers as int64, others as its parameters are."""
    lib = library(module)
    values = np.ascontiguousarray(values)
    if values.dtype.kind in "iub":
        return lib.from_numpy(values.astype(np.int64))
    return lib.as_tensor(lib.from_numpy(values), dtype=dtype(module))


@contextmanager
def looking(module: Any) -> Iterator[None]:
    """Evaluation mode and no graph, and after it everything as it was, module by module."""
    before = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with library(module).no_grad():
            yield
    finally:
        for part, was in before:
            part.training = was


@contextmanager
def lenient() -> Iterator[None]:
    """Wrong programs run as they were written: what chainrule's guards would refuse goes through, quietly."""
    with autograd.strict(False), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shapes that broadcast, say: a rule tells of them
        yield
