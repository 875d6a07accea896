"""``torch.optim.lr_scheduler``: the learning rate of each group by the step or epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chainrule.autograd.errors import AutogradError, OperandError, UnsupportedError, missing
from chainrule.autograd.optim.base import Optimizer


class LRScheduler:
    """Base: sets the rate for step 0 when made, and the next one at each ``step()``, after the optimizer's."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise OperandError(f"a scheduler takes an optimizer, not {type(optimizer).__name__}")
        if last_epoch != -1:
            raise UnsupportedError("last_epoch: to go on with a schedule, load its state_dict()")
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", float(group["lr"]))
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = -1
        self.step()

    def get_lr(self) -> list[float]:
        """The rates for ``last_epoch``, by group."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The rates in use, by group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def step(self) -> None:
        """On to the next step or epoch."""
        self.last_epoch += 1
        for group, rate in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where ``state_dict()`` was taken."""
        self.__dict__.update(state_dict)


class StepLR(LRScheduler):
    """lr times ``gamma`` every ``step_size`` epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """What is in use, times ``gamma`` when its time has come, so that other changes of the rate are kept."""
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return [rate * self.gamma if due else rate for rate in self.get_last_lr()]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine down to ``eta_min`` in ``T_max`` epochs, and up again. Loshchilov & Hutter 2017."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The step of the recursion, so that other changes of the rate are kept."""
        t, T, low = self.last_epoch, self.T_max, self.eta_min
        rates = self.get_last_lr()
        if t == 0:
            return rates
        if (t - 1 - T) % (2 * T) == 0:
            up = (1 - math.cos(math.pi / T)) / 2
            return [rate + (base - low) * up for rate, base in zip(rates, self.base_lrs, strict=True)]
        factor = (1 + math.cos(math.pi * t / T)) / (1 + math.cos(math.pi * (t - 1) / T))
        return [factor * (rate - low) + low for rate in rates]


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down to far below the start, once; momentum moves the other way. Smith & Topin 2019."""

    def __init__(
        self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
        cycle_momentum: bool = True, base_momentum: float = 0.85, max_momentum: float = 0.95,
        div_factor: float = 25.0, final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise AutogradError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0 or not 0 <= pct_start <= 1:
            raise AutogradError(
                f"OneCycleLR takes total_steps above 0 and pct_start from 0 to 1; came {total_steps} and "
                f"{pct_start}"
            )
        if anneal_strategy not in ("cos", "linear"):
            raise AutogradError(f"anneal_strategy is 'cos' or 'linear', not {anneal_strategy!r:.40}")
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        rise = pct_start * total_steps - 1
        peaks = list(max_lr) if isinstance(max_lr, list | tuple) else [max_lr] * len(optimizer.param_groups)
        self.phases = [
            _phases(float(peak), rise, total_steps, div_factor, final_div_factor, three_phase) for peak in peaks
        ]
        if cycle_momentum and not all("momentum" in group or "betas" in group for group in optimizer.param_groups):
            raise AutogradError("OneCycleLR: the optimizer has no momentum; say cycle_momentum=False")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates for ``last_epoch``; sets the momentum too."""
        t = self.last_epoch
        if t > self.total_steps:
            raise AutogradError(
                f"step {t} of a schedule of {self.total_steps} steps; give OneCycleLR more total_steps"
            )
        rates = []
        for group, phases in zip(self.optimizer.param_groups, self.phases, strict=True):
            start = 0.0
            for i, (end, rate_from, rate_to, rising) in enumerate(phases):
                if t <= end or i == len(phases) - 1:
                    share = (t - start) / (end - start) if end != start else 1.0
                    rates.append(self._between(rate_from, rate_to, share))
                    if self.cycle_momentum:
                        ends = (self.max_momentum, self.base_momentum)
                        low_high = ends if rising > 0 else ends[::-1] if rising < 0 else (ends[0], ends[0])
                        self._set_momentum(group, self._between(*low_high, share))
                    break
                start = end
        return rates

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))

    @staticmethod
    def _set_momentum(group: dict[str, Any], value: float) -> None:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


def _phases(
    peak: float, rise: float, total: int, div: float, final_div: float, three: bool
) -> list[tuple[float, float, float, int]]:
    """(last step, rate at its start, rate at its end, 1 where the rate rises, -1 falls, 0 the momentum rests)."""
    low = peak / div
    end = low / final_div
    if three:
        return [(rise, low, peak, 1), (2 * rise, peak, low, -1), (total - 1, low, end, 0)]
    return [(rise, low, peak, 1), (total - 1, peak, end, -1)]


__all__ = [
    "CosineAnnealingLR", "LRScheduler", "OneCycleLR", "StepLR",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise missing("optim.lr_scheduler", name, __all__)
