"""The learning-rate range test: a short training at rising rates shows which ones train and which destroy."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from chainrule.core.errors import DivergenceError, InputError, SettingError
from chainrule.core.settings import number, whole
from chainrule.losses import Loss
from chainrule.network import Network, check_network
from chainrule.optimizers import OPTIMIZERS, Optimizer
from chainrule.schedules import Schedule
from chainrule.training.callbacks import Callback
from chainrule.training.fitting import fit
from chainrule.training.history import History

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

SMOOTHING = 0.9  # of the running mean of the loss
BLOWN_UP = 4.0  # times the least smoothed loss; there the test ends
SAFETY = 10.0  # the rate of the least loss is too large by about so much
FEWEST = 10  # steps that are a curve


@dataclass(frozen=True)
class RateTest:
    """``suggestion`` is the rate to begin with; ``rates``, ``losses`` and ``smoothed`` have an entry a step.

    The rule: the rate at which the smoothed loss was least, divided by 10. Beyond that rate steps no longer bring
    the loss down, and a training needs room for later, steeper places.
    """

    suggestion: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]

    def __repr__(self) -> str:
        return f"RateTest(suggestion={self.suggestion:.2g}, {len(self.rates)} steps)"


@dataclass(frozen=True)
class _Rising(Schedule):
    """lr(t) = low (high / low)^((t - 1) / (n - 1)) for n steps, whatever the optimizer's own rate."""

    low: float
    high: float
    n: int

    name = "rising"

    def rate(self, t: int, steps: int, peak: float) -> float:
        return self.low * math.pow(self.high / self.low, (t - 1) / (self.n - 1))


class _Watch(Callback):
    """Ends the test after its steps, or once the loss has blown up."""

    def __init__(self, steps: int) -> None:
        self.steps, self.mean, self.least = steps, 0.0, math.inf

    def on_step_end(self, trainer: Trainer) -> None:
        t = trainer.state.t
        self.mean = SMOOTHING * self.mean + (1 - SMOOTHING) * trainer.loss
        now = self.mean / (1 - SMOOTHING**t)
        self.least = min(self.least, now)
        if t >= self.steps or (t > FEWEST and now > BLOWN_UP * self.least):
            trainer.stop("range test")


def find_learning_rate(
    network: Network,
    X: Any,
    y: Any,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer = "adam",
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
    batch_size: int | Literal["full"] | None = None,
    regularization: Iterable[Any] = (),
    seed: int = 0,
) -> RateTest:
    """Train a copy for ``steps`` steps, at rates rising by the same factor from ``low`` to ``high``.  Smith 2017.

    The network is left as it was. Ends early once the smoothed loss is four times its least. The other settings
    are those of ``fit``. Raises SettingError where ``low`` is not below ``high``, InputError where even the lowest
    rate destroys the network.
    """
    check_network("find_learning_rate", network)
    number("low", low, above=0)
    number("high", high, above=0)
    whole("steps", steps, least=FEWEST)
    if low >= high:
        raise SettingError(f"low {low:g} is to be below high {high:g}")
    optimizer = OPTIMIZERS.make(optimizer)
    if optimizer.full_batch:
        raise SettingError(f"{optimizer.name} has no learning rate to find; try adam")
    trial, watch = copy.deepcopy(network), _Watch(steps)
    settings: dict[str, Any] = {"optimizer": optimizer, "batch_size": batch_size, "regularization": regularization}
    try:
        # so many epochs are enough whatever the batch size; the watch ends it
        history = fit(
            trial, X, y, loss=loss, schedule=_Rising(low, high, steps), epochs=steps, seed=seed, callbacks=[watch],
            **settings,
        )  # fmt: skip
    except DivergenceError as problem:
        history = cast(History, problem.history)
    return _judged(history.steps, _Rising(low, high, steps))


def _judged(losses: list[float], schedule: _Rising) -> RateTest:
    if len(losses) < FEWEST:
        raise InputError(
            f"the loss stopped being finite after {len(losses)} steps, at a rate of "
            f"{schedule.rate(len(losses) + 1, 0, 0):.2g}; try a smaller low, or scale the data"
        )
    smoothed, mean = [], 0.0
    for t, loss in enumerate(losses, 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed.append(mean / (1 - SMOOTHING**t))
    rates = [schedule.rate(t, 0, 0) for t in range(1, len(losses) + 1)]
    best = rates[int(np.argmin(smoothed))] / SAFETY
    return RateTest(float(f"{best:.2g}"), tuple(rates), tuple(losses), tuple(smoothed))
