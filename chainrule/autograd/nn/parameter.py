"""A tensor that a module finds by itself."""

from __future__ import annotations

from typing import Any

from chainrule.autograd.errors import OperandError
from chainrule.autograd.tensor import Tensor


class Parameter(Tensor):
    """A leaf that requires grad; assigned to a module's attribute it is one of its parameters."""

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            super().__init__([])
        elif isinstance(data, Tensor):
            self._array, self._version = data._array, data._version
        else:
            raise OperandError(f"Parameter takes a tensor, not {type(data).__name__}")
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
