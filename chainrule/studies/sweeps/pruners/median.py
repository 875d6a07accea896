from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.core.settings import whole
from chainrule.studies.sweeps.pruners.base import PRUNERS, Pruner


@PRUNERS.register("median")
@dataclass(frozen=True)
class Median(Pruner):
    """Stops a run whose best score so far is below the median of the others' at the same epoch.  Golovin 2017.

    Optuna's. The first ``startup`` runs, and the first ``warmup`` epochs of each, are left alone.
    """

    startup: int = 5
    warmup: int = 0

    def __post_init__(self) -> None:
        whole("median: startup", self.startup, least=0)
        whole("median: warmup", self.warmup, least=0)

    def optuna(self) -> Any:
        from optuna.pruners import MedianPruner

        return MedianPruner(n_startup_trials=self.startup, n_warmup_steps=self.warmup)
