"""A function as a module of PyTorch or ``chainrule.autograd``, for what these have no module for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def module(torch: Any, function: Callable[[Any], Any]) -> Any:
    """A ``torch.nn.Module`` without parameters that computes ``function`` of a tensor."""

    class Function(torch.nn.Module):  # type: ignore[misc]
        def forward(self, z: Any) -> Any:
            return function(z)

    return Function()
