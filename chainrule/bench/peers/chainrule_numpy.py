from __future__ import annotations

from dataclasses import dataclass

from chainrule.bench.peers._ours import Ours
from chainrule.bench.peers.base import PEERS


@PEERS.register("chainrule_numpy")
@dataclass(frozen=True)
class ChainruleNumpy(Ours):
    """chainrule on NumPy alone."""

    title = "chainrule, NumPy"
    short = "NumPy"
    gear = "numpy"
