"""One line of the table of derivatives, and what happens when it is used.

    mul = Primitive("mul", np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a)

The first part computes the value from arrays. Then, for each argument in order, stands how the gradient ``g`` of
the result becomes that of the argument, or None where there is none. A formula names what it reads, and only that
is kept for it: ``y`` is the result, ``shape`` the shape of the argument in question, arguments and settings
go by their own names. A result that is a broadcast of an argument may be answered in the result's shape; it is
summed to the argument's. Formulas run on arrays as well as on tensors, which is what makes second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.autograd import graph
from chainrule.autograd.errors import AutogradError, OperandError, PositionError, ShapeError
from chainrule.autograd.modes import mode
from chainrule.autograd.tensor import Tensor, wrap
from chainrule.core.errors import ChainruleError
from chainrule.core.types import Array, DType, Shape

Formula = Callable[..., Any]


class Primitive:
    """An operation with its derivatives; ``name(*arguments, **settings)`` on arrays or on tensors."""

    def __init__(
        self, name: str, forward: Formula, /, *, view: bool = False, moves: bool = False,
        each: Formula | None = None, **formulas: Formula | None,
    ) -> None:  # fmt: skip
        """``each`` is the formula of all of any number of arguments ``xs``, the ``i``-th in question.

        ``view``: the value may share its memory with the first argument. ``moves``: every entry of the value is
        an entry of an argument, so probabilities stay probabilities.
        """
        self.name, self.forward, self.view, self.each = name, forward, view, each
        self.moves = moves or view
        self.arguments = tuple(formulas)
        self.formulas = tuple(formulas.values())
        self.reads = tuple(_names(formula) for formula in self.formulas)
        # by argument: which arguments are kept for its formula
        self.keeps = tuple(tuple(n for n in names if n in formulas) for names in self.reads)
        self.places = {name: i for i, name in enumerate(self.arguments)}
        self.differentiable = each is not None or any(formula is not None for formula in self.formulas)
        self.reads_each = _names(each)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        for x in arguments:
            if isinstance(x, Tensor):
                return self._record(arguments, settings)
        return self.forward(*arguments, **settings)

    def _record(self, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
        arrays = [x._array if isinstance(x, Tensor) else x for x in arguments]
        try:
            array = mode.quiet.run(self.forward, *arrays, **settings)
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            raise _explained(self.name, arrays, error) from None
        if type(array) is not np.ndarray:
            array = np.asarray(array)
        out = wrap(array)
        if self.view and _is_view(array, arrays[0], settings):
            out._mark_as_view(arguments[0], self, settings)
        if self.moves and (origin := arguments[0].origin) and all(x.origin == origin for x in arguments):
            out.origin = origin
        if mode.enabled and self.differentiable and array.dtype.kind == "f":
            self.connect(out, arguments, settings)
        return out

    def connect(self, out: Tensor, arguments: tuple[Any, ...], settings: dict[str, Any]) -> None:
        """Put a node behind ``out`` if any argument with a formula requires grad."""
        edges: list[Any] = []
        found = False
        for x, formula in zip(arguments, self.formulas or (self.each,) * len(arguments), strict=True):
            edge = None
            if formula is not None and isinstance(x, Tensor):
                edge = graph.edge_of(x)
                found = found or edge is not None
            edges.append(edge)
        if found:
            out._node = OperationNode(self, out, arguments, edges, settings)


def _is_view(array: Array, source: Array, settings: dict[str, Any]) -> bool:
    """Of nothing, views too share no memory; there only an index of arrays makes a copy."""
    if array.size:
        return np.may_share_memory(array, source)
    return not any(isinstance(part, np.ndarray) for part in settings.get("key", ()))


def _explained(name: str, arrays: list[Any], error: Exception) -> Exception:
    """What NumPy said, as an error of ours."""
    if isinstance(error, ChainruleError):
        return error
    if isinstance(error, IndexError):
        return PositionError(f"{name}: {error}; the tensor has shape {np.shape(arrays[0])}")
    if isinstance(error, ValueError):
        shapes = " and ".join(str(x.shape) for x in arrays if isinstance(x, np.ndarray))
        return ShapeError(f"{name}: the shapes {shapes} do not fit each other. NumPy says: {error}")
    came = ", ".join(str(x.dtype) if isinstance(x, np.ndarray) else repr(x)[:40] for x in arrays)
    return OperandError(f"{name} is not defined for {came}; convert first, as with to(). NumPy says: {error}")


def _names(formula: Formula | None) -> tuple[str, ...]:
    if formula is None:
        return ()
    code: Any = getattr(formula, "__code__")  # noqa: B009 (a Callable has none for the type checker)
    return tuple(code.co_varnames[: code.co_argcount])


class OperationNode(graph.Node):
    """A primitive that was used: its saved values, each with the version it had then."""

    def __init__(
        self, primitive: Primitive, out: Tensor, arguments: tuple[Any, ...], edges: list[Any],
        settings: dict[str, Any],
    ) -> None:  # fmt: skip
        super().__init__(primitive.name, edges, [None] * len(edges))
        self.primitive, self.settings = primitive, settings
        # name -> (value, version); a name not read by the formula of an input in question is not kept
        self.saved: dict[str, tuple[Any, int | None]] = {}
        keeps_result = "y" in primitive.reads_each
        for i, edge in enumerate(edges):
            if edge is not None:
                array = arguments[i]._array
                self.metas[i] = (array.shape, array.dtype)  # type: ignore[index]
                if primitive.each is None:
                    for name in primitive.keeps[i]:
                        self._save(name, arguments[primitive.places[name]])
                    keeps_result = keeps_result or "y" in primitive.reads[i]
        if "xs" in primitive.reads_each:
            for i, x in enumerate(arguments):
                self._save(str(i), x)
        if keeps_result:  # not itself, which holds this node: the two would keep each other alive
            self.saved["y"] = (out.detach(), out._version[0])

    def _save(self, name: str, x: Any) -> None:
        self.saved[name] = (x, x._version[0]) if isinstance(x, Tensor) else (x, None)

    def gradients(self, g: Any, create: bool) -> Iterator[Any]:
        known = self._known(create)
        known["g"] = g
        lines = self.primitive
        for i, edge in enumerate(self.edges):
            if edge is None:
                yield None
                continue
            shape, dtype = self.metas[i]  # type: ignore[misc]
            known["shape"], known["i"] = shape, i
            if lines.each is not None:
                d = lines.each(*[known[name] for name in lines.reads_each])
            else:
                d = lines.formulas[i](*[known[name] for name in lines.reads[i]])  # type: ignore[misc]
            yield _fitted(d, shape, dtype)

    def _known(self, create: bool) -> dict[str, Any]:
        if self.freed:
            raise AutogradError(
                f"going back a second time through {self.name}: its saved values were freed by the first. Say "
                "backward(retain_graph=True) the first time, or compute the result again"
            )
        known: dict[str, Any] = dict(self.settings)
        for name, (x, version) in self.saved.items():
            if version is not None and x._version[0] != version:
                raise AutogradError(
                    f"a value that the derivative of {self.name} needs was changed in place: {_called(name)} of "
                    f"shape {tuple(x.shape)} is at version {x._version[0]}, and {version} was used. Change a copy "
                    "(clone()), or use the operation that is not in place"
                )
            known[name] = self._unpacked(name, x, create)
        if self.primitive.each is not None:
            known["xs"] = [known[str(i)] for i in range(len(self.edges))] if "0" in known else []
            known["shapes"] = [meta[0] if meta else None for meta in self.metas]
        return known

    def _unpacked(self, name: str, x: Any, create: bool) -> Any:
        if not isinstance(x, Tensor):
            return x
        if not create:
            return x._array
        if name == "y":
            x = x.detach()
            x._node = self
        return x

    def release(self) -> None:
        if self.saved:
            self.saved = {}
            self.freed = True


def _called(name: str) -> str:
    if name == "y":
        return "its result"
    return f"argument {int(name) + 1}" if name.isdigit() else f"argument {name!r}"


def _fitted(d: Any, shape: Shape, dtype: DType) -> Any:
    """The gradient in the argument's shape and type: what was broadcast is summed."""
    if d is None:
        return None
    if d.shape != shape:
        d = sum_to(d, shape=shape)
    if (d._array if isinstance(d, Tensor) else d).dtype != dtype:
        d = cast(d, dtype=dtype)
    return d


def sum_array_to(x: Array, shape: Shape) -> Array:
    """Sum over the axes along which ``shape`` was broadcast to the shape of ``x``."""
    extra = x.ndim - len(shape)
    stretched = [i + extra for i, size in enumerate(shape) if size == 1 and x.shape[i + extra] != 1]
    axes = (*range(extra), *stretched)
    return np.asarray(x.sum(axes, keepdims=True) if axes else x).reshape(shape)


# NumPy's is read-only; where nothing is repeated the entries may still be written to.
expand = Primitive(
    "expand", lambda x, *, shape: x.view() if x.shape == shape else np.broadcast_to(x, shape),
    x=lambda g: g, view=True,
)  # fmt: skip
sum_to = Primitive(
    "sum_to", lambda x, *, shape: sum_array_to(x, shape), x=lambda g, shape: expand(g, shape=shape)
)  # fmt: skip
cast = Primitive("to", lambda x, *, dtype: x.astype(dtype), x=lambda g: g)
