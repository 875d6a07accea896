"""The operations, under PyTorch's names; importing this makes them methods of ``Tensor`` too."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd import inplace
from chainrule.autograd.errors import OperandError
from chainrule.autograd.ops import arithmetic, conversion, creation, indexing, joining, linear, reductions, shapes
from chainrule.autograd.table import elementwise as table
from chainrule.autograd.tensor import Tensor

# By module, what is both a function and a method.
SHARED = {
    arithmetic: (
        "abs absolute add bitwise_and bitwise_not bitwise_or bitwise_xor ceil clamp clamp_max clamp_min clip "
        "cos cosh div divide eq equal erf exp exp2 expm1 floor floor_divide fmod ge gt isclose allclose "
        "isfinite isinf isnan le lerp log log10 log1p log2 logical_and logical_not logical_or logical_xor lt "
        "maximum minimum mul multiply ne "
        "neg negative pow reciprocal remainder round rsqrt sigmoid sign sin sinh sqrt square sub subtract tan "
        "tanh true_divide trunc xlogy"
    ),
    reductions: (
        "all amax amin any argmax argmin argsort count_nonzero cumsum logsumexp max mean min norm prod sort "
        "std sum topk var"
    ),
    shapes: (
        "broadcast_to flatten flip permute ravel reshape squeeze swapaxes transpose tril triu unsqueeze"
    ),
    joining: "chunk split unbind",
    linear: "addmm bmm dot matmul mm mv outer",
    indexing: "gather index_select masked_fill masked_select nonzero scatter_add take_along_dim",
    conversion: "clone",
}  # fmt: skip
METHODS = {
    shapes: "contiguous expand expand_as repeat reshape_as view view_as",
    conversion: "cpu detach_ to type_as",
    inplace: "copy_ fill_ zero_",
}
FUNCTIONS = {
    arithmetic: "rsub where",
    joining: "cat concat concatenate hstack meshgrid stack vstack",
    linear: "einsum",
    creation: (
        "arange as_tensor empty empty_like eye from_numpy full full_like initial_seed linspace manual_seed ones "
        "ones_like rand rand_like randint randint_like randn randn_like randperm tensor zeros zeros_like"
    ),
}
IN_PLACE = (
    "abs add ceil clamp clamp_max clamp_min cos div erf exp exp2 expm1 floor floor_divide fmod lerp log log10 "
    "log1p log2 mul neg pow reciprocal remainder round rsqrt sigmoid sign sin sinh cosh sqrt square sub tan "
    "tanh trunc xlogy"
)


FLOATS = (np.dtype("float32"), np.dtype("float64"))


def _collect(table: dict[Any, str]) -> dict[str, Any]:
    return {name: getattr(module, name) for module, names in table.items() for name in names.split()}


# What in-place operations may do to the array itself; "truediv" is the operator of div.
_UFUNCS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "truediv": np.divide}
functions = {**_collect(SHARED), **_collect(FUNCTIONS), "t": shapes.t_}
methods = {**_collect(SHARED), **_collect(METHODS), **conversion.CONVERSIONS, "t": shapes.t_}
for _name in IN_PLACE.split():
    methods[f"{_name}_"] = inplace.in_place(getattr(arithmetic, _name), _UFUNCS.get(_name))
for _name in ("masked_fill", "scatter_add"):
    methods[f"{_name}_"] = inplace.in_place(getattr(indexing, _name))
for _name in ("cumsum",):
    methods[f"{_name}_"] = inplace.in_place(getattr(reductions, _name))


def _where(self: Tensor, condition: Tensor, other: Any) -> Any:
    """``self`` where the condition holds, else other."""
    return arithmetic.where(condition, self, other)


methods["where"] = _where


def _operator(function: Any, swapped: bool = False, line: Any = None) -> Any:
    """Python's operator over a function; what it does not know it leaves to the other operand.

    Two tensors of one float type go to the ``line`` of the table at once.
    """

    def operator(self: Tensor, other: Any) -> Any:
        if line is not None and type(other) is Tensor and other._array.dtype is self._array.dtype in FLOATS:
            return line._record((self, other), {})
        if not isinstance(other, Tensor | int | float | np.generic):
            if isinstance(other, np.ndarray | complex):
                raise OperandError(
                    f"an operator between a tensor and a {type(other).__name__}; say torch.from_numpy(array) first"
                )
            return NotImplemented
        return function(other, self) if swapped else function(self, other)

    return operator


_BINARY = {
    "add": arithmetic.add, "sub": arithmetic.sub, "mul": arithmetic.mul, "truediv": arithmetic.div,
    "floordiv": arithmetic.floor_divide, "mod": arithmetic.remainder, "pow": arithmetic.pow,
    "matmul": linear.matmul, "and": arithmetic.bitwise_and, "or": arithmetic.bitwise_or,
    "xor": arithmetic.bitwise_xor,
}  # fmt: skip
_LINES = {"add": table.add, "sub": table.sub, "mul": table.mul, "truediv": table.div}
for _name, _function in _BINARY.items():
    setattr(Tensor, f"__{_name}__", _operator(_function, line=_LINES.get(_name)))
    setattr(Tensor, f"__r{_name}__", _operator(_function, swapped=True))
    if _name != "matmul":  # whose result has another shape
        setattr(Tensor, f"__i{_name}__", inplace.in_place(_function, _UFUNCS.get(_name)))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Tensor, f"__{_name}__", _operator(getattr(arithmetic, _name)))
for _name, _function in methods.items():
    setattr(Tensor, _name, _function)
_SINGLE: dict[str, Any] = {
    "hash": object.__hash__,  # the identity, though == compares entries
    "neg": arithmetic.neg, "pos": lambda self: self, "abs": arithmetic.abs, "invert": arithmetic.bitwise_not,
    "getitem": indexing.getitem, "setitem": indexing.setitem,
}  # fmt: skip
for _name, _function in _SINGLE.items():
    setattr(Tensor, f"__{_name}__", _function)
_PROPERTIES = {
    "T": property(lambda self: shapes.permute(self, tuple(reversed(range(self.ndim))))),
    "mT": property(shapes.matrix_transpose),
}
for _name, _property in _PROPERTIES.items():
    setattr(Tensor, _name, _property)
