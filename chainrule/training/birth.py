"""A step taken apart: every array it makes is looked at, until the first number that is not finite.

Forward, loss and backward run module by module in NumPy's forms, each result in an array of its own, so that what
a number was made from is still there. It costs a few steps, and happens only when a training has failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainrule.core.params import Params
from chainrule.core.types import Array
from chainrule.layers import Layer, Module
from chainrule.layers.base import views
from chainrule.losses import Loss
from chainrule.regularizers import Regularizer

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

T = TypeVar("T")
Looking = Generator["Birth", None, T]  # yields what is not finite, as it appears, and returns what was computed


@dataclass(frozen=True)
class Birth:
    """Where a number came to be that is not finite; ``layer`` is the module's index, ``row`` that of the data.

    ``phase`` is "data", "forward", "loss", "backward" or "update"; ``values`` what it was made from.
    """

    phase: str
    name: str
    story: str
    layer: int | None = None
    row: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"layer {self.layer}, {self.name}" if self.layer is not None else self.name
        return f"{self.phase}, {where}: {self.story}"


def first_bad(array: Array) -> tuple[int, ...] | None:
    """The place of the first entry that is not finite."""
    finite = np.isfinite(array)
    return None if finite.all() else tuple(int(i) for i in np.unravel_index(int(np.argmin(finite)), array.shape))


def peak(array: Array) -> float:
    """The largest absolute value; NaN where there is one."""
    return float(np.abs(array).max(initial=0))


def _peaks(array: Array) -> Array:
    """Of each row."""
    return np.asarray(np.abs(array).max(axis=1, initial=0), float)


def births(trainer: Trainer, rows: Array | None, update: bool = True) -> Iterator[Birth]:
    """Take the step of these rows, None for all; what is found not to be finite, as it appears.

    The network, the optimizer and the generators are to be as they were before the step, and move as in it.
    Without ``update`` it ends with the gradient.
    """
    engine = trainer.engine
    if rows is None or (trainer.accumulate == 1 and len(rows) == trainer._uncopied):
        yield from _part(trainer, None)
    else:
        size, weight = trainer.batch_size, trainer.part.weight
        mean = trainer.accumulate > 1 and trainer.loss_function.reduction == "mean"
        mass = partial(_mass, weight)
        total, loss = np.zeros_like(engine.grad.theta), 0.0
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            share = mass(part) / (mass(rows) or 1.0) if mean else 1.0
            loss += share * (yield from _part(trainer, part))
            total += engine.grad.theta * total.dtype.type(share)
        if not math.isfinite(loss):
            yield Birth("loss", "accumulate", f"the losses of the batches add up to {loss}")
        engine.grad.theta[:] = total
        yield from _of_gradient(engine.grad, "accumulate", "the sum over the batches")
    yield from _changed(trainer, update)


def _mass(weight: Array | None, rows: Array) -> float:
    return float(len(rows)) if weight is None else float(weight[rows].sum())


def _part(trainer: Trainer, rows: Array | None) -> Looking[float]:
    """A batch that goes through the network at once, and its loss. The gradient is then in the engine's."""
    plan, network = trainer.engine.batch(rows), trainer.network
    numbers = np.arange(len(plan.x)) if rows is None else rows
    yield from _of_data(plan, "the features", numbers)
    for change in trainer.regularization.on_batch:
        change(plan)
        yield from _of_data(plan, _name(change), numbers)
    passes = Passes(network.core_modules(trainer.loss_function), network.params, network.buffers, numbers)
    logits = yield from passes.forward(plan.x, trainer.state.noise)
    value, gradient = yield from passes.loss(trainer.loss_function, logits, plan.target, plan.weight)
    yield from passes.backward(gradient, trainer.engine.grad)
    return value


def _of_data(plan: Any, name: str, rows: Array) -> Iterator[Birth]:
    for what, array in (("x", plan.x), ("target", plan.target), ("weight", plan.weight)):
        if array is not None and (at := first_bad(array)) is not None:
            column = f", column {at[1]}," if len(at) > 1 else ""
            row = int(rows[at[0]])
            yield Birth("data", name, f"the {what} of row {row}{column} is {array[at]}", None, row)


class Passes:
    """Forward and backward through modules, each value kept; ``rows`` are the batch's, by number in the data."""

    def __init__(self, modules: Sequence[Module], params: Params, buffers: Params, rows: Array) -> None:
        self._modules, self._rows = modules, rows
        self._views = [views(i, m, params, buffers) if isinstance(m, Layer) else {} for i, m in enumerate(modules)]
        self._values: list[Array] = []
        self._scratch: list[Any] = []

    def forward(self, x: Array, rng: np.random.Generator | None) -> Looking[Array]:
        """The logits. Without ``rng`` as in prediction."""
        self._values = [x]
        for i, module in enumerate(self._modules):
            room, p = module.scratch_for(x), self._views[i]
            self._scratch.append(room)
            y = (
                module.forward(x, p, None, room, rng)
                if isinstance(module, Layer)
                else module.forward(x, None, room)
            )
            if (at := first_bad(y)) is not None:
                yield self._made(i, module, x, y, at)
            if isinstance(module, Layer):
                yield from self._of_buffers(i, module, x)
            self._values.append(x := y)
        return x

    def _made(self, i: int, module: Module, x: Array, y: Array, at: tuple[int, ...]) -> Birth:
        bad = float(y[at])
        if not isinstance(module, Layer):
            values = {"value": bad, "input": float(x[at])}
            story = f"unit {at[1]} of row {self._rows[at[0]]} is {bad}, from {x[at]:.3g}"
            return Birth("forward", module.name, story, i, int(self._rows[at[0]]), values)
        together = module.least_rows > 1  # so the row to blame is that of the largest input
        row = int(np.argmax(_peaks(x))) if together else at[0]
        values = {"value": bad, "inputs": peak(x[row]), "weights": self._weights(i, module)}
        where = f"unit {at[1]} is {bad}, from inputs up to {values['inputs']:.3g} in row {self._rows[row]}"
        if not together:
            where = f"unit {at[1]} of row {self._rows[row]} is {bad}, from inputs up to {values['inputs']:.3g}"
        weights = f" and weights up to {values['weights']:.3g}" if module.parameter_names else ""
        return Birth("forward", module.name, where + weights, i, int(self._rows[row]), values)

    def _weights(self, i: int, module: Layer) -> float:
        return max((peak(self._views[i][letter]) for letter in module.parameter_names), default=0.0)

    def _of_buffers(self, i: int, module: Layer, x: Array) -> Iterator[Birth]:
        for letter, name in module.buffer_names.items():
            if first_bad(self._views[i][letter]) is not None:
                row = int(np.argmax(_peaks(x)))
                story = f"{i}.{name} is not finite, from inputs up to {peak(x[row]):.3g} in row {self._rows[row]}"
                yield Birth("forward", module.name, story, i, int(self._rows[row]), {"inputs": peak(x[row])})

    def loss(self, loss: Loss, logits: Array, target: Array, weight: Array | None) -> Looking[tuple[float, Array]]:
        """The loss and its derivative by the logits."""
        value, gradient = loss.value_and_gradient(logits, target, weight)
        if not math.isfinite(value):
            terms = loss.terms(logits, target)[0]
            terms = terms if weight is None else terms * weight
            at = first_bad(terms)
            row = int(np.argmax(np.abs(terms).max(axis=1))) if at is None else at[0]
            loses = float(terms[row].max()) if at is None else float(terms[at])
            values = {
                "value": value,
                "row's loss": loses,
                "outputs": peak(logits[row]),
                "target": peak(target[row]),
            }
            story = f"row {self._rows[row]} loses {loses:.3g}"
            story += f", too much for the sum, which is {value}" if at is None else ""
            story += f", from outputs up to {values['outputs']:.3g} where the target is {_shown(target[row])}"
            yield Birth("loss", loss.name, story, None, int(self._rows[row]), values)
        if (at := first_bad(gradient)) is not None:
            bad, row = float(gradient[at]), int(self._rows[at[0]])
            values = {"value": bad, "outputs": peak(logits[at[0]]), "target": peak(target[at[0]])}
            story = f"its derivative by output {at[1]} of row {row} is {bad}, from {logits[at]:.3g}"
            yield Birth("backward", loss.name, story, None, row, values)
        return value, gradient

    def backward(self, d: Array, grad: Params) -> Iterator[Birth]:
        """Fills ``grad``."""
        last = next((i for i, module in enumerate(self._modules) if isinstance(module, Layer)), 0)
        for i in reversed(range(last, len(self._modules))):
            module, x, y = self._modules[i], self._values[i], self._values[i + 1]
            if isinstance(module, Layer):
                g = views(i, module, grad)
                dx = module.backward(d, x, self._views[i], g, None, self._scratch[i], wants_dx=i > last)
                yield from self._of_parameters(i, module, d, x, g)
            else:
                dx = module.backward(d, x, y, None, self._scratch[i])
            if dx is None:
                return
            if (at := first_bad(dx)) is not None:
                row, bad, above = int(self._rows[at[0]]), float(dx[at]), peak(d[at[0]])
                story = (
                    f"the derivative by input {at[1]} of row {row} is {bad}, from derivatives up to {above:.3g}"
                )
                yield Birth("backward", module.name, story, i, row, {"value": bad, "derivatives": above})
            d = dx

    def _of_parameters(self, i: int, module: Layer, d: Array, x: Array, g: Mapping[str, Array]) -> Iterator[Birth]:
        for letter, name in module.parameter_names.items():
            if (at := first_bad(g[letter])) is not None:
                row = int(np.argmax(_peaks(d) * _peaks(x)))  # float64, so these products are finite
                bad, above, inputs = float(g[letter][at]), peak(d[row]), peak(x[row])
                story = (
                    f"the gradient of {i}.{name}{list(at)} is {bad}, from derivatives up to {above:.3g} and "
                    f"inputs up to {inputs:.3g} in row {self._rows[row]}"
                )
                values = {"value": bad, "derivatives": above, "inputs": inputs}
                yield Birth("backward", module.name, story, i, int(self._rows[row]), values)


def _shown(target: Any) -> str:
    return f"{np.ravel(target)[0]:.3g}" if np.size(target) == 1 else f"up to {peak(target):.3g}"


# -- what becomes of the gradient -----------------------------------------------------------------------


def _changed(trainer: Trainer, update: bool) -> Iterator[Birth]:
    """Penalties, clipping and whatever else changes the gradient; the optimizer's step; what follows it."""
    state, params, grad = trainer.state, trainer.network.params, trainer.engine.grad
    t = state.t = state.t + update
    rate = trainer.schedule.rate(t, trainer.steps, trainer._peak) if update else trainer.optimizer.learning_rate
    if not math.isfinite(rate):
        yield Birth("update", trainer.schedule.name, f"the learning rate is {rate}", None, None, {"value": rate})
    for act in trainer.before_step:
        act(rate)
        yield from _of_gradient(grad, _name(act), "it")
        yield from _of_weights(params, _name(act), {})
    if not update:
        return
    before = {"weight": state.theta.copy(), "gradient": grad.theta.copy()}
    before |= {name: array.copy() for name, array in state.optimizer.items()}
    trainer._update(state.theta, grad.theta, state.optimizer, t, rate, trainer._scratch)
    yield from _of_weights(params, trainer.optimizer.name, before, rate)
    for finish in trainer._after_step:
        finish()
        yield from _of_weights(params, _name(finish), {})


def _of_gradient(grad: Params, name: str, what: str) -> Iterator[Birth]:
    for key, array in grad.items():
        if (at := first_bad(array)) is not None:
            story = f"{what} makes the gradient of {key}{list(at)} {array[at]}"
            yield Birth("backward", name, story, None, None, {"value": float(array[at])})


def _of_weights(params: Params, name: str, before: Mapping[str, Array], rate: float = 0.0) -> Iterator[Birth]:
    at = first_bad(params.theta)
    if at is None:
        return
    key, place = _parameter(params, at[0])
    values = {"value": float(params.theta[at])}
    values |= {what: float(array[at]) for what, array in before.items() if array.shape == params.theta.shape}
    story = f"{key}{place} becomes {values['value']}"
    if "gradient" in values:
        values["learning_rate"] = rate
        story += (
            f", from {values['weight']:.3g} with a gradient of {values['gradient']:.3g} at a rate of {rate:.3g}"
        )
    yield Birth("update", name, story, None, None, values)


def _parameter(params: Params, at: int) -> tuple[str, list[int]]:
    """The name of the parameter that holds an entry of the flat vector, and the entry's place in it."""
    for key, array in params.items():
        if at < array.size:
            return key, [int(i) for i in np.unravel_index(at, array.shape)]
        at -= array.size
    raise AssertionError(at)


def _name(call: Callable[..., Any]) -> str:
    """Whose call it is: a regularizer's, or what the function is called."""
    while isinstance(call, partial):
        first = call.args[0] if call.args else None
        if isinstance(first, Regularizer):
            return first.name
        call = first if callable(first) else call.func
    thing = getattr(call, "__self__", call)
    return str(getattr(thing, "name", None) or getattr(call, "__name__", type(call).__name__)).lstrip("_")
