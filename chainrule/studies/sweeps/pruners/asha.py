from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.core.settings import whole
from chainrule.studies.sweeps.pruners.base import PRUNERS, Pruner


@PRUNERS.register("asha")
@dataclass(frozen=True)
class ASHA(Pruner):
    """Successive halving that waits for nobody: a run goes on if it is in the best 1/``factor`` so far.  Li 2020.

    Optuna's; rungs after ``least``, ``least * factor``, ``least * factor^2`` ... epochs.
    """

    factor: int = 3
    least: int = 1

    def __post_init__(self) -> None:
        whole("asha: factor", self.factor, least=2)
        whole("asha: least", self.least)

    def optuna(self) -> Any:
        from optuna.pruners import SuccessiveHalvingPruner

        return SuccessiveHalvingPruner(min_resource=self.least, reduction_factor=self.factor)
