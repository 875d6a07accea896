from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.core.settings import number, whole
from chainrule.schedules.base import SCHEDULES, Warmed, watched


@SCHEDULES.register("adaptive")
@dataclass(frozen=True)
class Adaptive(Warmed):
    """peak <- peak / divisor when ``epochs`` in a row have not brought the loss ``tolerance`` below the best.

    scikit-learn's ``learning_rate="adaptive"`` as its manual describes it, with two epochs and a division by 5.
    Its MLPs in fact wait for ``n_iter_no_change`` + 1 epochs and stop at 1e-6; here ``early_stopping`` stops. It
    reads the loss of the validation rows if there are any.
    """

    divisor: float = 5.0
    epochs: int = 2
    tolerance: float = 1e-4

    curve_needs_steps = False

    def __post_init__(self) -> None:
        super().__post_init__()
        number("adaptive: divisor", self.divisor, above=1)
        whole("adaptive: epochs", self.epochs)
        number("adaptive: tolerance", self.tolerance, least=0)

    def curve(self, t: int, steps: int, peak: float) -> float:
        return peak

    def memory(self) -> dict[str, float]:
        return {"share": 1.0, "best": math.inf, "bad": 0}

    def observe(self, state: dict[str, float], row: Mapping[str, Any]) -> float:
        loss = watched(self.name, row, "loss")
        state["bad"] = state["bad"] + 1 if loss > state["best"] - self.tolerance else 0
        state["best"] = min(state["best"], loss)
        if state["bad"] >= self.epochs:
            state["share"] /= self.divisor
            state["bad"] = 0
        return state["share"]
