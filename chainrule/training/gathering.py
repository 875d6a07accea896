"""Which features of a training are gathered raw, batch by batch, and which are made ready all at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.features import Features
from chainrule.layers import Layer
from chainrule.network import Network


def gathered(network: Network, X: Any, fused: bool) -> Features:
    """The network's features of the rows of X, checked.

    Raw are gathered: files that are memory-mapped, which would be copied otherwise; and bytes in the fused gear,
    where scaling them takes no longer than fetching floats. In NumPy's passes it takes twice as long.
    """
    scaling = None if network.preprocessing is None else network.preprocessing.scaling()
    scaled = network.preprocessing is not None
    if not _kept_raw(network, X, fused) or (
        scaled and (scaling is None or not np.can_cast(X.dtype, network.dtype))
    ):
        return Features(network.features(X))
    checks.finite("X", X)
    return Features(X, network.dtype, scaling)


def _kept_raw(network: Network, X: Any, fused: bool) -> bool:
    if type(X) not in (np.ndarray, np.memmap) or X.ndim != 2 or not len(X) or not X.dtype.isnative:
        return False
    first = network.modules[0]
    if X.shape[1] != network.d_in or (isinstance(first, Layer) and first.takes_codes):
        return False
    if isinstance(X, np.memmap):
        return X.dtype.kind in "uif" and X.dtype.itemsize <= network.dtype.itemsize
    return fused and X.dtype.kind == "u" and X.dtype.itemsize < network.dtype.itemsize
