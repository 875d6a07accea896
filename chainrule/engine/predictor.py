"""Many small questions to one network: every array is allocated once, and a call is a few bound calls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.types import Array, DType
from chainrule.engine import fused
from chainrule.engine.gear import choose
from chainrule.engine.step import Call, Step
from chainrule.layers import Layer, Module
from chainrule.layers.dense import Dense
from chainrule.losses import Loss
from chainrule.preprocessing import Preprocessing
from chainrule.targets import Target


def decide(loss: Loss, logits: Array) -> Array:
    """The loss's predictions of finite logits; InputError where the link leaves the floats' range, as exp can."""
    decided = loss.decide(logits)
    if decided is not logits and decided.dtype.kind == "f" and not np.isfinite(decided).all():
        row, column = np.argwhere(~np.isfinite(decided))[0]
        raise InputError(
            f"the prediction for row {row} is {loss.link}({logits[row, column]:g}), too large for "
            f"{decided.dtype.name}. Is that row like those of the training? If so, use float64"
        )
    return decided


def restored(target: Target | None, decided: Array) -> Array:
    """Predictions in the unit of the target; InputError where that leaves the floats' range."""
    if target is None:
        return decided
    found = target.restore(decided)
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0, 0])
        raise InputError(
            f"the prediction for row {row}, in the unit of the target, is too large for {found.dtype.name}. "
            "Is that row like those of the training? If so, use float64"
        )
    return found


class Predictor:
    """A network's forward pass for up to ``rows`` rows at a time; made by ``Network.predictor``.

    It reads the network's own weights, so it follows a training. One thread at a time may call it, and what
    ``logits`` gave is overwritten by the next call.
    """

    def __init__(
        self,
        modules: Sequence[Module],
        views: Sequence[Mapping[str, Array]],
        rows: int,
        dtype: DType,
        loss: Loss,
        preprocessing: Preprocessing | None,
        target: Target | None,
        engine: str,
    ) -> None:
        self.rows = rows
        self.gear = choose(engine)
        self._loss, self._preprocessing, self._target = loss, preprocessing, target
        self._x = np.empty((rows, next(m.d_in for m in modules if isinstance(m, Layer))), dtype)
        self._values = [self._x]
        for module in modules:
            width = module.d_out if isinstance(module, Layer) else self._values[-1].shape[1]
            self._values.append(np.empty((rows, width), dtype))
        self._modules, self._views = modules, views
        self._first = modules[0] if isinstance(modules[0], Layer) else None
        self._plans: dict[int, tuple[Array, Array, list[Call], Array]] = {}
        # NumPy's warnings off, once: to run in a context that is there takes a tenth of what np.errstate takes.
        self._quiet = Context()
        self._quiet.run(np.seterr, all="ignore")

    def __call__(self, X: Any) -> Array:
        """What ``Network.predict`` gives for rows, (n, d_in), or for a single row, (d_in,)."""
        decided = decide(self._loss, self.logits(X))
        return np.array(decided) if self._target is None else restored(self._target, decided)

    def logits(self, X: Any) -> Array:
        """What ``Network.logits`` gives, (n, d_out), in an array that the next call overwrites."""
        x = self._checked(X)
        plan = self._plans.get(len(x)) or self._plan(len(x))
        return self._quiet.run(self._run, x, *plan)

    def _run(self, x: Array, buffer: Array, first: Array, calls: list[Call], out: Array) -> Array:
        buffer[...] = x
        if self._first is not None:
            self._first.check(buffer)
        for call in calls:
            call()
        # A feature that is not finite leaves none of the first layer's sums finite: one is enough to look at.
        # The sum of squares is finite only if all are, and much faster than isfinite; if not, each is looked at.
        if not math.isfinite(np.vdot(first, first)) and not np.isfinite(buffer).all():
            checks.finite("X", x)
            raise InputError(f"X has numbers too large for {buffer.dtype.name}; scale them, or use float64")
        if not math.isfinite(np.vdot(out, out)) and not np.isfinite(out).all():
            raise InputError("the network's output is not finite: its weights or the features are too large")
        return out

    def _checked(self, X: Any) -> Array:
        """Rows of features that the network takes; not yet looked at one by one."""
        x = X if type(X) is np.ndarray and X.dtype.kind in "fiu" else checks.numeric("X", X)
        if x.ndim == 1:
            x = x[None]
        if self._preprocessing is not None:
            x = self._preprocessing.transform(x)
        if x.ndim != 2 or x.shape[1] != self._x.shape[1]:
            raise ShapeError(f"the predictor takes rows of {self._x.shape[1]} features; X has shape {np.shape(X)}")
        if not 0 < len(x) <= self.rows:
            raise ShapeError(
                f"this predictor takes 1 to {self.rows} rows; X has {len(x)}. Ask for predictor(rows=...)"
            )
        return x

    def _plan(self, n: int) -> tuple[Array, Array, list[Call], Array]:
        values = [value[:n] for value in self._values]
        steps = [
            Step(module, before, after, after, None, module.scratch_for(before), p, {}, None)
            for module, p, before, after in zip(self._modules, self._views, values, values[1:], strict=False)
        ]
        calls = fused.inference(steps) if self.gear.name == "fused" else [step.forward() for step in steps]
        # Only the sums of a dense layer show each feature; an activation could hide what is not finite.
        first = values[1][:, 0] if isinstance(self._modules[0], Dense) else values[0]
        plan = self._plans[n] = (values[0], first, calls, values[-1])
        return plan
