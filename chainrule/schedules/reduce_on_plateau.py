from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chainrule.core.settings import choice, number, text, whole
from chainrule.schedules.base import SCHEDULES, Warmed, watched


@SCHEDULES.register("reduce_on_plateau")
@dataclass(frozen=True)
class ReduceOnPlateau(Warmed):
    """peak <- max(factor peak, floor first peak) after more than ``patience`` epochs in a row without progress.

    Progress is a value better than the best by the share ``threshold`` of it. ``monitor`` is "loss" or a metric,
    on the validation rows if there are any; ``mode`` says which way it is better. After a fall, epochs are not
    counted for ``cooldown`` epochs. PyTorch's ReduceLROnPlateau with its relative threshold and eps=0.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    floor: float = 0.0
    monitor: str = "loss"
    mode: Literal["min", "max"] = "min"

    curve_needs_steps = False

    def __post_init__(self) -> None:
        super().__post_init__()
        number("reduce_on_plateau: factor", self.factor, above=0, below=1)
        whole("reduce_on_plateau: patience", self.patience, least=0)
        number("reduce_on_plateau: threshold", self.threshold, least=0, below=1)
        whole("reduce_on_plateau: cooldown", self.cooldown, least=0)
        number("reduce_on_plateau: floor", self.floor, least=0, most=1)
        text("reduce_on_plateau: monitor", self.monitor)
        choice("reduce_on_plateau: mode", self.mode, ("min", "max"))

    def curve(self, t: int, steps: int, peak: float) -> float:
        return peak

    def memory(self) -> dict[str, float]:
        return {"share": 1.0, "best": math.inf if self.mode == "min" else -math.inf, "bad": 0, "cooldown": 0}

    def observe(self, state: dict[str, float], row: Mapping[str, Any]) -> float:
        value, best = watched(self.name, row, self.monitor), state["best"]
        better = value < best * (1 - self.threshold) if self.mode == "min" else value > best * (1 + self.threshold)
        if better:
            state["best"] = value
        state["bad"] = 0 if better else state["bad"] + 1
        if state["cooldown"] > 0:
            state["cooldown"] -= 1
            state["bad"] = 0
        if state["bad"] > self.patience:
            state["share"] = max(state["share"] * self.factor, self.floor)
            state["cooldown"], state["bad"] = self.cooldown, 0
        return state["share"]
