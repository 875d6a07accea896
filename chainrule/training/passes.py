"""Forward, loss and backward with every array kept, until the first number that is not finite.

They run module by module in NumPy's forms, each result in an array of its own, so that what a number was made from
is still there when it has become infinite.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from chainrule.core.params import Params
from chainrule.core.types import Array
from chainrule.layers import Layer, Module
from chainrule.layers.base import views
from chainrule.losses import Loss

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
            outputs, answer = peak(logits[row]), _largest(target[row])
            values = {"value": value, "loss": loses, "outputs": outputs, "target": answer}
            story = f"row {self._rows[row]} loses {loses:.3g}"
            story += f", too much for the sum, which is {value}" if at is None else ""
            story += f", from outputs up to {outputs:.3g} where the target is {_shown(target[row])}"
            yield Birth("loss", loss.name, story, None, int(self._rows[row]), values)
        if (at := first_bad(gradient)) is not None:
            bad, row = float(gradient[at]), int(self._rows[at[0]])
            values = {"value": bad, "outputs": peak(logits[at[0]]), "target": _largest(target[at[0]])}
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


def _largest(target: Any) -> float:
    """The target of one row, or the largest of its numbers without their signs."""
    return float(np.ravel(target)[0]) if np.size(target) == 1 else peak(target)


def _shown(target: Any) -> str:
    return f"{'' if np.size(target) == 1 else 'up to '}{_largest(target):.3g}"
