from __future__ import annotations

from dataclasses import dataclass

import chainrule as cr
from chainrule.bench.peers._ours import Ours, has_gears
from chainrule.bench.peers.base import PEERS
from chainrule.bench.tasks import Inference, Training
from chainrule.network import Network


@PEERS.register("chainrule_fused")
@dataclass(frozen=True)
class ChainruleFused(Ours):
    """chainrule with its element-wise work in numba's kernels: ``chainrule[fast]``."""

    title = "chainrule, fused"
    short = "fused"
    compiles = True
    library = "numba"
    gear = "fused"

    def missing(self) -> str | None:
        return super().missing() or (None if has_gears(cr.fit) else "this chainrule has the NumPy gear only")

    def lacks(self, task: Training | Inference) -> str | None:
        if isinstance(task, Inference) and not has_gears(Network.predictor):
            return "a predictor has the NumPy gear only"
        return None
