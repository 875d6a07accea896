"""The graph that operations leave behind, and the way back through it.

A node is made after the nodes that it reads, so newest first is a topological order: no recursion, however deep
the graph. Gradients travel as arrays; with ``create_graph`` they travel as tensors, through the same formulas,
so the way back leaves a graph of its own.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, InputError, ShapeError
from chainrule.autograd.modes import set_grad_enabled
from chainrule.core.types import DType, Shape

_count = itertools.count(1)


class RemovableHandle:
    """What ``register_hook`` returns: ``remove()`` takes the hook out."""

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self.id = next(_count)
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)


class Node:
    """One operation that was done: where its gradients go, and what its formulas read."""

    hooks: dict[int, Any] | None = None
    retained: weakref.ref[Any] | None = None  # a tensor that asked to keep its gradient
    freed = False

    def __init__(self, name: str, edges: Sequence[Any], metas: Sequence[tuple[Shape, DType] | None]) -> None:
        self.name = name
        self.edges = edges  # of each input: a node, a leaf tensor, or None
        self.metas = metas  # of each input that has an edge: the shape and dtype its gradient must have
        self.sequence = next(_count)

    def __repr__(self) -> str:
        return f"<{self.name.title().replace('_', '')}Backward>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that this one's gradients go to, as PyTorch lists them; a leaf stands for itself."""
        return tuple((edge, 0) for edge in self.edges)

    def gradients(self, g: Any, create: bool) -> Iterator[Any]:
        """The gradient for each input, or None; arrays, or tensors with ``create``."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was saved for the formulas."""


def edge_of(x: Any) -> Any:
    """Where the gradient of a tensor goes: its node, itself if it is a leaf, or nowhere."""
    if x._base is not None and x._seen != x._version[0]:
        x._refresh()
    return x._node if x._node is not None else (x if x._leaf else None)


def _order(roots: Sequence[Any]) -> list[Node]:
    """The nodes that the roots depend on, newest first."""
    found: dict[int, Node] = {}
    stack = [root for root in roots if isinstance(root, Node)]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack.extend(edge for edge in node.edges if isinstance(edge, Node))
    return sorted(found.values(), key=lambda node: -node.sequence)


def _on_the_way(order: Sequence[Node], targets: set[int]) -> set[int]:
    """Of the nodes and leaves, those from which a target can be reached."""
    needed = set(targets)
    for node in reversed(order):
        if any(id(edge) in needed for edge in node.edges if edge is not None):
            needed.add(id(node))
    return needed


class Backward:
    """One way back from some outputs: gradients added up in ``pending``, newest node first."""

    def __init__(self, create: bool, keep: bool) -> None:
        self.create, self.keep = create, keep
        self.pending: dict[int, Any] = {}
        self.owned: set[int] = set()  # whose pending array nobody else holds, so that it may be kept or added to
        self.leaves: dict[int, Any] = {}

    def run(self, outputs: Sequence[Any], gradients: Sequence[Any], targets: Sequence[Any] | None) -> list[Any]:
        """The gradients of the targets, or with None nothing: every leaf has got its own."""
        with np.errstate(all="ignore"), set_grad_enabled(self.create):
            roots = [edge_of(output) for output in outputs]
            order = _order(roots)
            wanted = [id(edge_of(target)) for target in targets or ()]
            needed = None if targets is None else _on_the_way(order, set(wanted))
            for root, g in zip(roots, gradients, strict=True):
                self._add(root, g if self.create else g._array, False)
            found = self._walk(order, needed, set(wanted))
            found.update(self._leaves(targets is None))
        return [found.get(each) for each in wanted]

    def _walk(self, order: Sequence[Node], needed: set[int] | None, wanted: set[int]) -> dict[int, Any]:
        captured: dict[int, Any] = {}
        for node in order:
            g = self.pending.pop(id(node), None)
            if g is None or (needed is not None and id(node) not in needed):
                continue
            g = self._hooked(node.hooks, g)
            if node.retained is not None and (tensor := node.retained()) is not None:
                tensor._keep_grad(g, self.create, False)
            if id(node) in wanted:
                captured[id(node)] = g
            if needed is not None and not any(id(edge) in needed for edge in node.edges if edge is not None):
                continue
            for edge, d in zip(node.edges, node.gradients(g, self.create), strict=True):
                if edge is not None and d is not None:
                    # An array that a formula made is nobody else's; g itself, or a view, may be.
                    self._add(edge, d, d is not g and not self.create and getattr(d, "base", g) is None)
            if not self.keep:
                node.release()
        return captured

    def _add(self, edge: Any, d: Any, own: bool) -> None:
        key = id(edge)
        if not isinstance(edge, Node):
            self.leaves[key] = edge
        if key not in self.pending:
            self.pending[key] = d
            if own:
                self.owned.add(key)
        elif key in self.owned and isinstance(self.pending[key], np.ndarray):
            self.pending[key] += d
        else:
            self.pending[key] = self.pending[key] + d
            if not self.create:
                self.owned.add(key)

    def _hooked(self, hooks: dict[int, Any] | None, g: Any) -> Any:
        for hook in tuple(hooks.values()) if hooks else ():
            from chainrule.autograd.tensor import Tensor, wrap

            given = g if self.create else wrap(np.asarray(g))
            answer = hook(given)
            if answer is not None:
                if not isinstance(answer, Tensor) or (answer.shape, answer.dtype) != (given.shape, given.dtype):
                    raise ShapeError(
                        f"a hook returned {answer!r:.60}; expected None or a tensor of {given.dtype}, shape "
                        f"{tuple(given.shape)}"
                    )
                g = answer if self.create else answer._array
        return g

    def _leaves(self, accumulate: bool) -> dict[int, Any]:
        found = {}
        for key, leaf in self.leaves.items():
            g = self.pending.pop(key)
            hooked = self._hooked(leaf._hooks, g)
            if accumulate:
                # A hook may have kept what it was given, which must not change when the next gradient is added.
                leaf._keep_grad(hooked, self.create, not leaf._hooks and key in self.owned)
            found[key] = hooked
        return found


def start_gradients(outputs: Sequence[Any], gradients: Sequence[Any] | None) -> list[Any]:
    """What the way back begins with: the vectors given, or 1 for a scalar."""
    from chainrule.autograd.tensor import Tensor, wrap

    given = [None] * len(outputs) if gradients is None else list(gradients)
    if len(given) != len(outputs):
        raise InputError(f"{len(outputs)} outputs came with {len(given)} gradients; give one for each")
    starts = []
    for output, g in zip(outputs, given, strict=True):
        if edge_of(output) is None:
            raise AutogradError(
                "the tensor to go back from does not require grad and has no grad_fn: nothing was recorded. Set "
                "requires_grad on what you differentiate by, before computing, and outside no_grad"
            )
        if g is None:
            if output._array.size != 1:
                raise AutogradError(
                    "grad can be implicitly created only for scalar outputs; this one has shape "
                    f"{tuple(output.shape)}. Sum it, or give backward() a gradient of that shape"
                )
            g = wrap(np.ones_like(output._array))
        if not isinstance(g, Tensor) or g._array.shape != output._array.shape:
            came = tuple(g.shape) if isinstance(g, Tensor) else f"{g!r:.40}"
            raise ShapeError(
                f"the gradient of an output of shape {tuple(output.shape)} has that shape; came {came}"
            )
        starts.append(g)
    return starts


def _several(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    inputs: Any = None,
) -> None:  # fmt: skip
    """Add the gradients of ``tensors``, weighted by ``grad_tensors``, to the ``.grad`` of every leaf they read.

    With ``inputs`` only those get one. The graph is freed unless ``retain_graph`` or ``create_graph``.
    """
    outputs = _several(tensors)
    starts = start_gradients(outputs, None if grad_tensors is None else _several(grad_tensors))
    way = Backward(create_graph, create_graph if retain_graph is None else retain_graph)
    if inputs is None:
        way.run(outputs, starts, None)
        return
    targets = _several(inputs)
    if not targets:
        raise AutogradError("backward(inputs=...) got none; leave it out to reach every leaf")
    _differentiable(targets)
    found = way.run(outputs, starts, targets)
    with np.errstate(all="ignore"):
        for target, g in zip(targets, found, strict=True):
            if g is not None:
                target._keep_grad(g, create_graph, False)


def _differentiable(targets: Sequence[Any]) -> None:
    for target in targets:
        if edge_of(target) is None:
            raise AutogradError(
                "one of the inputs does not require grad; set requires_grad on it before computing"
            )


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, allow_unused: bool | None = None, materialize_grads: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of ``outputs``, weighted by ``grad_outputs``, by each of ``inputs``; no ``.grad`` changes.

    An input that was not used is an error, None with ``allow_unused``, or zeros with ``materialize_grads``.
    """
    from chainrule.autograd.tensor import wrap

    given, targets = _several(outputs), _several(inputs)
    _differentiable(targets)
    starts = start_gradients(given, None if grad_outputs is None else _several(grad_outputs))
    keep = create_graph if retain_graph is None else retain_graph
    results: list[Any] = []
    for target, g in zip(targets, Backward(create_graph, keep).run(given, starts, targets), strict=True):
        if g is None and materialize_grads:
            results.append(wrap(np.zeros_like(target._array)))
        elif g is None and not allow_unused:
            raise AutogradError(
                "one of the inputs was not used in computing the outputs. Leave it out, or set allow_unused=True "
                "to get None for it"
            )
        else:
            results.append(g if g is None or create_graph else wrap(np.array(g)))
    return tuple(results)
