"""The tensor: an array, whether it wants a gradient, and the node it came from.

Only what belongs to the graph stands here. The operations are functions in ``ops``, whose package makes them
methods under the same names.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.autograd import dtypes, graph
from chainrule.autograd.contents import Contents
from chainrule.autograd.errors import AutogradError, OperandError, UnsupportedError, missing
from chainrule.autograd.modes import set_grad_enabled
from chainrule.core.types import Array


class Tensor(Contents):
    """Numbers that know how they were computed; made by ``tensor(...)`` and by operations.

    ``grad`` holds the derivative of what ``backward()`` was called on, once that has happened.
    """

    # Most tensors differ from these in little, and an instance holds only what differs.
    _array: Array
    _version: list[int]  # one counter for all tensors that share memory
    _leaf = False  # a leaf that requires grad
    _grad: Tensor | None = None
    _node: graph.Node | None = None
    _hooks: dict[int, Any] | None = None
    _base: Tensor | None = None  # what it is a view of, and by which operations
    _path: tuple[tuple[Any, dict[str, Any]], ...] = ()
    _seen = 0  # the version for which _node holds
    _retains = False
    _learned = False  # whether a gradient has been added to it, or values were loaded into it
    origin = ""  # "softmax" or "sigmoid" if its values are already probabilities

    __array_ufunc__ = None  # NumPy's operators leave `array * tensor` to us

    if TYPE_CHECKING:  # the operations, which ``ops`` puts here
        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __neg__: Any
        __getitem__: Any

    def __init__(self, data: Any) -> None:
        if isinstance(data, int) or not isinstance(data, list | tuple | np.ndarray | Tensor):
            raise UnsupportedError(
                f"Tensor(...) takes a sequence of numbers, not {data!r:.40}. Numbers nobody set come from "
                "empty(); a tensor of given data from tensor()"
            )
        values = data._array if isinstance(data, Tensor) else data
        self._array = np.array(values, dtypes.get_default_dtype().numpy)
        self._version = [0]

    def __repr__(self) -> str:
        from chainrule.autograd.printing import text

        return text(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise missing("Tensor", name, [each for each in dir(type(self)) if not each.startswith("_")])

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self._node is not None:
            raise AutogradError("only leaves can be deep-copied; say clone() or detach().clone()")
        twin: Tensor = type(self).__new__(type(self))
        twin._array, twin._version, twin._leaf = self._array.copy(), [0], self._leaf
        twin._learned = self._learned
        memo[id(self)] = twin
        if self._grad is not None:
            twin._grad = wrap(self._grad._array.copy())
        return twin

    # -- the graph --------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded."""
        return graph.edge_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Have operations on this leaf recorded from now on, or no longer."""
        edge = graph.edge_of(self)
        if edge is not None and edge is not self:
            if not requires_grad:
                raise AutogradError("only leaves can stop requiring grad; detach() gives a tensor that does not")
            return self
        if requires_grad and self._array.dtype.kind != "f":
            raise AutogradError(f"only floats can require gradients; this tensor holds {self._array.dtype}")
        self._leaf = bool(requires_grad)
        return self

    @property
    def grad_fn(self) -> graph.Node | None:
        """The node it came from, None for a leaf."""
        edge = graph.edge_of(self)
        return None if edge is self else edge

    @property
    def is_leaf(self) -> bool:
        """Whether nothing that was recorded made it."""
        return self.grad_fn is None

    @property
    def grad(self) -> Tensor | None:
        """The sum of what every ``backward()`` has brought since it was None or zeroed."""
        if self._grad is None and not self._retains and self.grad_fn is not None:
            warnings.warn(
                "the .grad of a tensor that is not a leaf stays None; call retain_grad() on it before backward()",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise OperandError(f"grad takes a tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape or value._array.dtype != self._array.dtype:
                raise AutogradError(
                    f"the grad of a tensor of {self._array.dtype}, shape {tuple(self.shape)}, has that type and "
                    f"shape; came {value._array.dtype}, shape {tuple(value.shape)}"
                )
        self._grad = value

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph; changes through it go unnoticed. Prefer ``detach()``."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise OperandError(f"data takes a tensor, not {type(value).__name__}")
        if self.requires_grad and value._array.dtype.kind != "f":
            raise AutogradError(f"a tensor that requires grad holds floats; came {value._array.dtype}")
        if value._array is not self._array:  # a graph that saved the old values will notice
            self._version = [self._version[0] + 1]
        self._array = value._array

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        out = wrap(self._array)
        out._version = self._version
        if self.origin:
            out.origin = self.origin
        return out

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the derivative of this tensor to the ``.grad`` of every leaf that it was computed from.

        ``gradient`` weights the entries of a tensor that is no scalar. See ``graph.backward``.
        """
        graph.backward(self, gradient, retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of a tensor that is not a leaf in ``.grad`` as well."""
        node = graph.edge_of(self)
        if node is None:
            raise AutogradError("retain_grad() is for a tensor that requires grad")
        self._retains = True
        if node is not self:
            node.retained = weakref.ref(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> graph.RemovableHandle:
        """Call ``hook(gradient)`` on the way back; a tensor that it returns is used instead."""
        edge = graph.edge_of(self)
        if edge is None:
            raise AutogradError("register_hook() is for a tensor that requires grad")
        if edge is self:
            self._hooks = {} if self._hooks is None else self._hooks
            return graph.RemovableHandle(self._hooks, hook)
        edge.hooks = {} if edge.hooks is None else edge.hooks
        return graph.RemovableHandle(edge.hooks, hook)

    def _keep_grad(self, g: Any, create: bool, own: bool) -> None:
        """Add to ``.grad``: a tensor with its graph, or an array, which is kept without a copy if it is ours."""
        self._learned = True
        if create:
            self._grad = g.clone() if self._grad is None else self._grad + g
        elif self._grad is None:
            self._grad = wrap(np.asarray(g) if own else np.array(g))
        elif self._grad._array.flags.writeable and self._grad._node is None:
            self._grad._array += g  # in place: whoever holds .grad sees it, as in PyTorch
            self._grad._version[0] += 1
        else:
            self._grad = wrap(self._grad._array + g)

    # -- views ------------------------------------------------------------------------------------------

    def _mark_as_view(self, source: Tensor, primitive: Any, settings: dict[str, Any]) -> None:
        if source._base is None or source._leaf:
            self._base, self._path = source, ((primitive, settings),)
        else:
            self._base, self._path = source._base, (*source._path, (primitive, settings))
        self._version = source._version
        self._seen = source._version[0]

    def _refresh(self) -> None:
        """The memory was written to since the node was made: take the view again, from what the base is now."""
        self._seen = self._version[0]
        assert self._base is not None
        if isinstance(graph.edge_of(self._base), graph.Node):
            with set_grad_enabled(True):
                again = self._base
                for primitive, settings in self._path:
                    again = primitive(again, **settings)
            self._node = again._node


def wrap(array: Array) -> Tensor:
    """A tensor around an array, not copied."""
    out: Tensor = Tensor.__new__(Tensor)
    out._array = array
    out._version = [0]
    return out
