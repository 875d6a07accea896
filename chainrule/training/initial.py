"""Weights given, instead of drawn, to a network that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.core import weights
from chainrule.network import Network, check_network


def load_weights(network: Network, state: Mapping[str, Any]) -> None:
    """Write parameters and buffers by their names in ``network.state_dict()``, which are PyTorch's.

    All of them, or nothing: every name, every shape, finite numbers. Values are rounded to the network's dtype.
    A network not yet built takes them as ``Network(modules, weights=state)``.
    """
    check_network("load_weights", network)
    weights.load(network.state_dict(), state)
