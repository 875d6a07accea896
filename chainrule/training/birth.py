"""A training step taken apart: each array it makes is looked at, until the first number that is not finite.

It costs about three steps, and happens only when a training has failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.params import Params
from chainrule.core.types import Array
from chainrule.regularizers import Regularizer
from chainrule.training.passes import Birth, Looking, Passes, first_bad

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


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
