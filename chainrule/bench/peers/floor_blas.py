from __future__ import annotations

from dataclasses import dataclass

from chainrule.bench.peers._floor import Products
from chainrule.bench.peers.base import PEERS


@PEERS.register("floor_blas")
@dataclass(frozen=True)
class FloorBlas(Products):
    """The matrix products alone, with as many threads as BLAS has by itself."""

    title = "products, BLAS's threads"
    short = "BLAS"
    own_threads = True
