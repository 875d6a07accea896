"""Forward and backward through a network with every array allocated once.

For each batch size (the full one and the last, short one) there is a Plan: a list of calls bound to views of
the same buffers. A step runs the calls; it allocates nothing and looks nothing up.

    forward    x -> z1 -> a1 -> ... -> logits          each call fills the next buffer
    loss       logits, target -> value, d(logits)
    backward   d(logits) -> ... -> dz1                 each call fills a gradient, and d of what came before

An activation whose backward reads ``a`` works in place, over z; every activation's backward works in place,
over da. So a layer with its activation needs one buffer forward and one backward. The gradient with respect
to the network's input is not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from chainrule.core.features import Features
from chainrule.core.params import Params
from chainrule.core.types import Array
from chainrule.engine import fused
from chainrule.engine.step import Step
from chainrule.layers import Layer, Module
from chainrule.layers.base import views
from chainrule.losses import Loss


class Engine:
    """Computes losses and gradients of batches of up to ``batch_size`` rows of ``X`` and ``target``.

    ``modules`` end at the logits. ``target`` is in the loss's own form, ``weight`` None or (rows, 1) numbers.
    Gradients go to ``grad``, laid out like ``params``; ``buffers`` are what layers change as they go forward.
    ``rng`` is what layers draw from in training; without it they do what they do when predicting. Modules are
    to be called under ``np.errstate`` where overflow should stay silent. ``gear`` is "numpy" or "fused".
    """

    def __init__(
        self,
        modules: Sequence[Module],
        params: Params,
        loss: Loss,
        X: Array | Features,
        target: Array,
        batch_size: int,
        *,
        weight: Array | None = None,
        buffers: Params | None = None,
        rng: np.random.Generator | None = None,
        gear: str = "numpy",
    ) -> None:
        self.grad = params.like()
        self._modules, self._params, self._loss = tuple(modules), params, loss
        self._X = X if isinstance(X, Features) else Features(X)
        self._target, self._weight = target, weight
        self._buffers, self._rng = buffers, rng
        self._fused = gear == "fused"
        self._size = batch_size
        self._values, self._gradients = self._allocate(batch_size)
        self._whole: Plan | None = None
        self._plans: dict[int, Plan] = {}

    def _allocate(self, n: int) -> tuple[list[Array], list[Array]]:
        """One buffer for the value of each module and one for its gradient; in place means the one before."""
        values: list[Array] = []
        gradients: list[Array] = []
        width, dtype = self._X.shape[1], self._X.dtype
        before: Module | None = None
        for module in self._modules:
            # Over z, if nobody reads that again: a layer's backward doesn't read its output, an activation's may
            in_place = isinstance(before, Layer) and not isinstance(module, Layer) and module.backward_reads == "a"
            before = module
            width = module.d_out if isinstance(module, Layer) else width
            values.append(values[-1] if in_place else np.empty((n, width), dtype))
            over_da = not isinstance(module, Layer) and gradients
            gradients.append(gradients[-1] if over_da else np.empty((n, width), dtype))
        return values, gradients

    def batch(self, rows: Array | None) -> Plan:
        """The plan of a batch, its rows gathered; None is all rows in their order, which are not copied."""
        if rows is None:
            if self._whole is None:
                self._whole = self._plan(self._X.whole(), self._target, self._weight)
            return self._whole
        plan = self._plans.get(len(rows))
        if plan is None:
            n, (x, target, weight) = len(rows), self._gathered
            x, target, weight = x[:n], target[:n], None if weight is None else weight[:n]
            plan = self._plans[n] = self._plan(x, target, weight)
            plan.gather = self._X.gatherer(x, self._fused)
        plan.gather(rows)
        self._target.take(rows, axis=0, out=plan.target, mode="clip")
        if self._weight is not None:
            self._weight.take(rows, axis=0, out=plan.weight, mode="clip")
        return plan

    def feed(self, X: Array | Features, target: Array, weight: Array | None) -> None:
        """Take batches from these rows from now on; target and weight are of the form of those before."""
        self._X = X if isinstance(X, Features) else Features(X)
        self._target, self._weight, self._whole = target, weight, None
        for plan in self._plans.values():
            plan.gather = self._X.gatherer(plan.x, self._fused)

    @cached_property
    def _gathered(self) -> tuple[Any, Any, Any]:
        """Room for the rows of a batch: features, target and weights."""

        def room(source: Array | None) -> Array | None:
            return None if source is None else np.empty((self._size, *source.shape[1:]), source.dtype)

        return np.empty((self._size, self._X.shape[1]), self._X.dtype), room(self._target), room(self._weight)

    def _plan(self, x: Array, target: Array, weight: Array | None) -> Plan:
        n = len(x)
        # One view of each buffer, so that what is shared stays one object
        part = {id(a): a[:n] for a in (*self._values, *self._gradients)}
        values = [x, *(part[id(v)] for v in self._values)]
        gradients = [None, *(part[id(g)] for g in self._gradients)]
        steps = []
        for i, module in enumerate(self._modules):
            p: dict[str, Array] = {}
            g: dict[str, Array] = {}
            if isinstance(module, Layer):
                p, g = views(i, module, self._params, self._buffers), views(i, module, self.grad)
            dy, dx, scratch = gradients[i + 1], gradients[i], module.scratch_for(values[i])
            assert dy is not None
            steps.append(Step(module, values[i], values[i + 1], dy, dx, scratch, p, g, self._rng))
        return self._fused_plan(steps, target, weight) if self._fused else self._numpy_plan(steps, target, weight)

    def _numpy_plan(self, steps: list[Step], target: Array, weight: Array | None) -> Plan:
        forward = [step.forward() for step in steps]
        last, wanted = steps[-1], [s for s in steps if isinstance(s.module, Layer) or s.dx is not None]
        room = self._loss.scratch_for(last.y, target)
        loss = partial(self._loss.value_and_gradient, last.y, target, weight, last.dy, room)
        backward = [step.backward() for step in reversed(wanted)]
        return Plan(steps[0].x, target, weight, last.y, forward, lambda: loss()[0], backward)

    def _fused_plan(self, steps: list[Step], target: Array, weight: Array | None) -> Plan:
        last = steps[-1]
        loss = None
        if isinstance(last.module, Layer) and last.module.affine:
            loss = self._loss.fused(last.y, last.p["b"], target, weight, last.dy, last.g["b"])
        if loss is None:
            plain = self._numpy_plan(steps, target, weight).loss
        forward = fused.forward(steps, loss is not None)
        backward = fused.backward(steps, loss is not None)
        return Plan(steps[0].x, target, weight, last.y, forward, loss or plain, backward)


class Plan:
    """One batch size's calls, in order, bound to their arrays."""

    __slots__ = ("backward", "forward", "gather", "logits", "loss", "target", "weight", "x")

    gather: Callable[[Array], Any]  # fills x with the features of these rows

    def __init__(
        self,
        x: Array,
        target: Array,
        weight: Array | None,
        logits: Array,
        forward: Sequence[Callable[[], Any]],
        loss: Callable[[], float],
        backward: Sequence[Callable[[], Any]],
    ) -> None:
        self.x, self.target, self.weight, self.logits = x, target, weight, logits
        self.forward, self.loss, self.backward = forward, loss, backward

    def run(self) -> float:
        """The loss of the batch; its gradient is then in the engine's ``grad``."""
        for call in self.forward:
            call()
        value = self.loss()
        for call in self.backward:
            call()
        return value
