from __future__ import annotations

from dataclasses import dataclass

from chainrule.bench.peers._floor import Products
from chainrule.bench.peers.base import PEERS


@PEERS.register("floor")
@dataclass(frozen=True)
class Floor(Products):
    """The matrix products alone, with as many BLAS threads as chainrule's trainer chooses for them."""

    title = "products alone"
    short = "floor"
    own_threads = False
