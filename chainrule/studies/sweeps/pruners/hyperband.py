from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.core.settings import whole
from chainrule.studies.sweeps.pruners.base import PRUNERS, Pruner


@PRUNERS.register("hyperband")
@dataclass(frozen=True)
class Hyperband(Pruner):
    """Several halvings at once, from cautious to bold.  Li et al. 2018. Optuna's."""

    factor: int = 3
    least: int = 1

    def __post_init__(self) -> None:
        whole("hyperband: factor", self.factor, least=2)
        whole("hyperband: least", self.least)

    def optuna(self) -> Any:
        from optuna.pruners import HyperbandPruner

        return HyperbandPruner(min_resource=self.least, reduction_factor=self.factor)
