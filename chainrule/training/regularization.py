"""The regularizers of one training, bound to its arrays before the first step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from chainrule.core.errors import InputError, SettingError
from chainrule.core.rng import generator
from chainrule.core.settings import several
from chainrule.core.types import Array, DType
from chainrule.engine import Engine
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.regularizers import REGULARIZERS, Regularizer
from chainrule.regularizers.base import Augmentation, Average, Clip, Constraint, Decay, Penalty
from chainrule.training.state import TrainingState


def asked_regularizers(specs: Iterable[str | Mapping[str, Any] | Regularizer]) -> tuple[Regularizer, ...]:
    """The regularizers by name, or one error; two averages would leave open which one the network gets."""
    specs = several("regularization", specs, '["l2:strength=1e-4"]')
    made = tuple(REGULARIZERS.make(spec) for spec in specs)
    if len(averages := [thing.name for thing in made if isinstance(thing, Average)]) > 1:
        raise SettingError(f"one average of the weights at most, not {' and '.join(averages)}")
    return made


def mixable(loss: Loss, target: Array, k: int, dtype: DType, regularizers: Iterable[Regularizer]) -> Array:
    """The prepared target in a form that may be mixed with other rows', where a regularizer does that."""
    mixing = [r.name for r in regularizers if isinstance(r, Augmentation) and r.mixes_targets]
    if not mixing:
        return target
    labels = target.ndim == 1
    some = np.full((1, k), 1 / k) if labels else (target[:1] + target[-1:]).astype(float) / 2
    try:
        mixed = loss.prepare(some, 1, k, np.dtype("float64"))
    except InputError:
        mixed = target[:0]
    if mixed.shape != some.shape or not np.allclose(mixed, some):
        raise SettingError(f"{mixing[0]} mixes targets, which {loss.name} doesn't take mixed; try cross_entropy")
    return np.eye(k, dtype=dtype)[target] if labels else target


class Regularization:
    """Lists of calls for the moments of a step; without regularizers they are empty.

    ``on_batch`` take a Plan with its rows gathered, ``before_step`` the learning rate, ``after_step`` nothing.
    """

    def __init__(
        self,
        things: Iterable[Regularizer],
        network: Network,
        engine: Engine,
        state: TrainingState,
        seed: int,
        frozen: Collection[str] = (),
    ) -> None:
        self.things = tuple(things)
        self._state = state
        weights = [name for name, array in network.params.items() if array.ndim > 1 and name not in frozen]
        self._weights = [(network.params[name], engine.grad[name]) for name in weights]
        self._average: Average | None = None
        self.on_batch: list[Callable[[Any], None]] = []
        gradient: list[Callable[[], None]] = []
        clips: list[Callable[[], None]] = []
        decays: list[Callable[[float], None]] = []
        self.after_step: list[Callable[[], None]] = []
        for i, thing in enumerate(self.things):
            if isinstance(thing, Augmentation):
                rng = state.draws.setdefault(f"{i} {thing.name}", generator(seed, f"{i} {thing.name}"))
                self.on_batch.append(partial(_change, thing, rng))
            elif isinstance(thing, Penalty):
                gradient += [partial(thing.add_gradient, W, dW) for W, dW in self._weights]
            elif isinstance(thing, Clip):
                clips.append(partial(thing.clip, engine.grad.theta))
            elif isinstance(thing, Decay):
                decays += [partial(thing.shrink, W) for W, _ in self._weights]
            elif isinstance(thing, Constraint):
                self.after_step += [partial(thing.project, W) for W, _ in self._weights]
            elif isinstance(thing, Average):
                self._average = thing
        self.before_step: list[Callable[[float], None]] = [*map(_without_rate, [*gradient, *clips]), *decays]

    @property
    def penalties(self) -> bool:
        return any(isinstance(thing, Penalty) for thing in self.things)

    def penalty(self) -> float:
        """The sum of all penalties on the weights as they are."""
        penalties = [thing for thing in self.things if isinstance(thing, Penalty)]
        return sum((thing.value(W) for thing in penalties for W, _ in self._weights), 0.0)

    def averages(self, each: str) -> bool:
        """Whether weights are averaged after each "step", or "epoch"."""
        return self._average is not None and self._average.each == each

    def average(self, progress: float) -> None:
        """Take the weights as they are into the mean."""
        assert self._average is not None
        state = self._state
        share = self._average.share(state.averaged, progress)
        if share is None:
            return
        if state.mean is None:
            state.mean = [array.copy() for array in state.learned]
        state.averaged += 1
        for mean, array in zip(state.mean, state.learned, strict=True):
            mean += (array - mean) * mean.dtype.type(share)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it the network holds the mean, if there is one."""
        mean = self._state.mean
        if mean is None:
            yield
            return
        kept = [array.copy() for array in self._state.learned]
        self._put(mean)
        try:
            yield
        finally:
            self._put(kept)

    def finish(self) -> None:
        """Leave the mean in the network; the state keeps the weights, for a training that goes on from them."""
        if self._state.mean is not None:
            self._state.last = [array.copy() for array in self._state.learned]
            self._put(self._state.mean)

    def resume(self) -> None:
        """Take up the weights again where ``finish`` left the mean."""
        if self._state.last is not None:
            self._put(self._state.last)
            self._state.last = None

    def _put(self, arrays: Iterable[Array]) -> None:
        for array, value in zip(self._state.learned, arrays, strict=True):
            array[:] = value


def _change(thing: Augmentation, rng: np.random.Generator, plan: Any) -> None:
    thing.change(plan.x, plan.target, plan.weight, rng)


def _without_rate(call: Callable[[], None]) -> Callable[[float], None]:
    return partial(_ignoring, call)


def _ignoring(call: Callable[[], None], rate: float) -> None:
    call()
