"""``torch.autograd``: going back, and functions with a derivative of one's own."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.autograd import dtypes, graph
from chainrule.autograd.errors import AutogradError, missing
from chainrule.autograd.graph import backward, grad
from chainrule.autograd.modes import enable_grad, mode, no_grad, set_grad_enabled
from chainrule.autograd.ops.base import checked
from chainrule.autograd.tensor import Tensor, wrap

__all__ = ["Function", "backward", "enable_grad", "grad", "no_grad", "set_grad_enabled"]


def __getattr__(name: str) -> object:
    raise missing("autograd", name, __all__)


class Context:
    """What ``forward`` leaves for ``backward``: tensors by ``save_for_backward``, anything else as attributes."""

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self._saved: tuple[tuple[Any, int], ...] = ()
        self._freed = False
        self._unmarked: tuple[int, ...] = ()
        self._outputs: dict[int, int] = {}  # among the saved tensors, those that are an output, and which
        self._node: weakref.ref[_FunctionNode] | None = None

    def __getattr__(self, name: str) -> Any:
        raise missing("autograd.Function's ctx", name, ["needs_input_grad", "saved_tensors", *dir(Context)])

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors; if one is changed in place before ``backward``, that is noticed."""
        self._saved = tuple((x, x._version[0] if x is not None else 0) for x in tensors)

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Outputs that have no gradient, such as indices."""
        self._unmarked = tuple(id(output) for output in outputs)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved."""
        if self._freed:
            raise AutogradError(
                "going back a second time: the saved tensors were freed by the first. Say "
                "backward(retain_graph=True)"
            )
        for x, version in self._saved:
            if x is not None and x._version[0] != version:
                raise AutogradError(
                    f"a saved tensor of shape {tuple(x.shape)} was changed in place; save a clone()"
                )
        return tuple(self._unpacked(i, x) for i, (x, _) in enumerate(self._saved))

    def _unpacked(self, i: int, x: Any) -> Any:
        """A saved output comes from the function itself, for derivatives of the derivative."""
        node = None if self._node is None else self._node()
        if i not in self._outputs or node is None:
            return x
        x = x.detach()
        x._node = _OutputNode(node, self._outputs[i])
        return x


class _Received(dict[int, Any]):
    """The gradients of a function's outputs by number, on their way to it; those of one output add up."""

    def __add__(self, other: _Received) -> _Received:
        total = _Received(self)
        for number, g in other.items():
            total[number] = total[number] + g if number in total else g
        return total


class _FunctionNode(graph.Node):
    """The user's backward as a node; of several outputs, each has a node that collects for this one."""

    def __init__(self, function: type[Function], context: Context, inputs: tuple[Any, ...]) -> None:
        tensors = [x if isinstance(x, Tensor) else None for x in inputs]
        edges = [None if x is None else graph.edge_of(x) for x in tensors]
        metas = [None if x is None else (x._array.shape, x._array.dtype) for x in tensors]
        super().__init__(function.__name__, edges, metas)
        self.function, self.context = function, context
        self.outputs: list[Any] = []  # shape and dtype of each, for the zeros of one that was not used

    def gradients(self, g: Any, create: bool) -> Iterator[Any]:
        tensors = [
            wrap(np.zeros(shape, dtype)) if x is None else x if create else wrap(np.asarray(x))
            for x, (shape, dtype) in ((g.get(i), meta) for i, meta in enumerate(self.outputs))
        ]
        answers = self.function.backward(self.context, *tensors)
        answers = answers if isinstance(answers, tuple) else (answers,)
        if len(answers) != len(self.edges):
            raise AutogradError(
                f"{self.name}.backward returned {len(answers)} gradients for {len(self.edges)} inputs of "
                "forward; None stands for an input that has none"
            )
        for edge, meta, answer in zip(self.edges, self.metas, answers, strict=True):
            if edge is None or answer is None:
                yield None
                continue
            shape, dtype = meta  # type: ignore[misc]
            if not isinstance(answer, Tensor) or answer._array.shape != shape:
                came = tuple(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
                raise AutogradError(f"{self.name}.backward: a gradient has its input's shape {shape}; came {came}")
            answer = answer.to(dtypes.of(dtype))
            yield answer if create else answer._array[...]  # a view: the array may be the user's

    def release(self) -> None:
        if self.context._saved:
            self.context._saved, self.context._freed = (), True


class _OutputNode(graph.Node):
    """One output of a function: hands its gradient over, under its number."""

    def __init__(self, node: _FunctionNode, number: int) -> None:
        super().__init__(node.name, (node,), (None,))
        self.number = number

    def gradients(self, g: Any, create: bool) -> Iterator[Any]:
        yield _Received({self.number: g})


class Function:
    """A function whose derivative you write: static ``forward(ctx, ...)`` and ``backward(ctx, *gradients)``.

    Called by ``MyFunction.apply(...)``. For second derivatives ``backward`` must consist of tensor operations.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Any:
        """The value, from tensors; what ``backward`` needs goes into ``ctx.save_for_backward``."""
        raise NotImplementedError("define forward as a static method")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """If defined, ``forward`` is called without ``ctx``, and what backward needs is saved here."""

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """A gradient for each input of ``forward``, from one for each of its outputs."""
        raise NotImplementedError("define backward as a static method")

    @classmethod
    def apply(cls, *inputs: Any) -> Any:
        """The value, with the derivative recorded."""
        needs = tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        context = Context(needs)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(context, *inputs)
            else:
                result = cls.forward(*inputs)
                cls.setup_context(context, inputs, result)
        outputs = result if isinstance(result, tuple) else (result,)
        for output in outputs:
            checked(output, f"{cls.__name__}: what forward returns")
        if not mode.enabled or not any(needs):
            return result
        node = _FunctionNode(cls, context, inputs)
        context._node = weakref.ref(node)
        marked = tuple(cls._output(node, i, output) for i, output in enumerate(outputs))
        return marked if isinstance(result, tuple) else marked[0]

    @staticmethod
    def _output(node: _FunctionNode, number: int, output: Any) -> Any:
        node.outputs.append((output._array.shape, output._array.dtype))
        if id(output) in node.context._unmarked or output._array.dtype.kind != "f":
            return output
        out = output.detach()  # shares the version counter too
        out._node = _OutputNode(node, number)
        for i, (x, _) in enumerate(node.context._saved):
            if x is output and output._node is None and not output._leaf:
                node.context._outputs[i] = number
        return out
