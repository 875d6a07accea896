"""Plans whose element-wise work runs in compiled loops: bias and activation, derivative and the bias's gradient.

Between two products there is then one pass over the batch instead of two to five. What has no formula of one
number runs as NumPy has it, among the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.activations import Activation
from chainrule.core.kernels import Formulas, loops
from chainrule.core.types import Array
from chainrule.engine.step import Call, Step
from chainrule.layers import Layer


def forward(steps: Sequence[Step], loss_adds_bias: bool) -> list[Call]:
    """z = x @ W.T alone, then a = f(z + b) in one pass; after the last product the loss may add the bias."""
    calls: list[Call] = []
    bias = None  # of the product before, not added yet
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if bias is not None:
            calls.append(_activate(step, bias))
            bias = None
        elif _affine(step) and (loss_adds_bias if after is None else _formulas(after).value):
            calls.append(partial(np.matmul, step.x, step.p["W"].T, out=step.y))
            bias = step.p["b"] if after is not None else None
        else:
            calls.append(_forward(step))
    return calls


def inference(steps: Sequence[Step]) -> list[Call]:
    """Forward where nothing is kept for later: of a single row product, bias and activation are one pass."""
    if len(steps[0].x) > 1:
        return forward(steps, loss_adds_bias=False)
    calls: list[Call] = []
    done = False  # by the pass before
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        value = None if after is None else _formulas(after).value
        if done:
            done = False
        elif _affine(step) and after is not None and value is not None:
            calls.append(_one_row(step, value, after.y, _constants(after)))
            done = True
        else:
            calls.append(_one_row(step, _itself, step.y, ()) if _affine(step) else step.forward())
    return calls


def _one_row(step: Step, value: Callable[..., float], y: Array, constants: tuple[Any, ...]) -> Call:
    return partial(loops(_row, value).compiled, step.x[0], step.p["W"], step.p["b"], y[0], constants)


def backward(steps: Sequence[Step], loss_sums_bias: bool) -> list[Call]:
    """dz = da f'(z) with db, the sum of dz, in one pass; then dW and dx."""
    calls: list[Call] = []
    summed = loss_sums_bias  # whoever made dz has summed db as well
    for step, before in zip(reversed(steps), [*reversed(steps[:-1]), None], strict=True):
        if summed:
            calls.append(partial(np.matmul, step.dy.T, step.x, out=step.g["W"]))
            if step.dx is not None:
                calls.append(partial(np.matmul, step.dy, step.p["W"], out=step.dx))
            summed = False
        elif before is not None and _affine(before) and _formulas(step).slope:
            calls.append(_differentiate(step, before.g["b"]))
            summed = True
        elif isinstance(step.module, Layer) or step.dx is not None:
            calls.append(step.backward())
    return calls


def _forward(step: Step) -> Call:
    if isinstance(step.module, Layer):
        return partial(step.module.fused_forward, step.x, step.p, step.y, step.scratch, step.rng)
    return step.forward()


def _affine(step: Step) -> bool:
    return isinstance(step.module, Layer) and step.module.affine


def _formulas(step: Step) -> Formulas:
    return step.module.formulas() if isinstance(step.module, Activation) else Formulas()


def _constants(step: Step) -> tuple[Any, ...]:
    """Of the arrays' own type: with Python's numbers a loop over float32 would compute in float64."""
    return tuple(step.x.dtype.type(c) for c in _formulas(step).constants)


def _activate(step: Step, bias: Any) -> Call:
    value = _formulas(step).value
    assert value is not None
    if step.y is step.x:
        return partial(loops(_value_in_place, value).compiled, step.x, bias, _constants(step))
    return partial(loops(_value, value).compiled, step.x, bias, step.y, _constants(step))


def _differentiate(step: Step, db: Any) -> Call:
    slope = _formulas(step).slope
    assert slope is not None
    assert step.dx is step.dy
    assert isinstance(step.module, Activation)
    read = step.x if step.module.backward_reads == "z" else step.y
    return partial(loops(_slope, slope).compiled, step.dy, read, db, _constants(step))


def _itself(z: float) -> float:
    return z


def _row(value: Any, stamp: str) -> Callable[..., None]:
    def loop(x, W, b, a, c):  # type: ignore[no-untyped-def]
        stamp  # noqa: B018
        # Four units at a time: fetched once for the four, x leaves the cache to W. A quarter faster.
        fours = W.shape[0] // 4 * 4
        for j in range(0, fours, 4):
            z0, z1, z2, z3 = b[j], b[j + 1], b[j + 2], b[j + 3]
            for i in range(W.shape[1]):
                z0 += W[j, i] * x[i]
                z1 += W[j + 1, i] * x[i]
                z2 += W[j + 2, i] * x[i]
                z3 += W[j + 3, i] * x[i]
            a[j], a[j + 1], a[j + 2], a[j + 3] = value(z0, *c), value(z1, *c), value(z2, *c), value(z3, *c)
        for j in range(fours, W.shape[0]):
            z = b[j]
            for i in range(W.shape[1]):
                z += W[j, i] * x[i]
            a[j] = value(z, *c)

    return loop


def _value_in_place(value: Any, stamp: str) -> Callable[..., None]:
    def loop(z, b, c):  # type: ignore[no-untyped-def]
        stamp  # noqa: B018
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                z[i, j] = value(z[i, j] + b[j], *c)

    return loop


def _value(value: Any, stamp: str) -> Callable[..., None]:
    def loop(z, b, a, c):  # type: ignore[no-untyped-def]
        stamp  # noqa: B018
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                z[i, j] += b[j]
                a[i, j] = value(z[i, j], *c)

    return loop


def _slope(slope: Any, stamp: str) -> Callable[..., None]:
    def loop(da, r, db, c):  # type: ignore[no-untyped-def]
        stamp  # noqa: B018
        db[:] = 0
        for i in range(da.shape[0]):
            for j in range(da.shape[1]):
                da[i, j] *= slope(r[i, j], *c)
                db[j] += da[i, j]

    return loop
