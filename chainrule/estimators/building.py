"""From an estimator's parameters to the network, with scikit-learn's first weights, and to the gear it runs in."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from chainrule.activations.sigmoid import Sigmoid
from chainrule.core.errors import SettingError
from chainrule.core.types import DType
from chainrule.engine import suited_threads
from chainrule.engine.gear import ENGINE
from chainrule.estimators.objectives import Objective
from chainrule.layers import Layer
from chainrule.layers._mlp import mlp_modules
from chainrule.layers.base import make
from chainrule.layers.dense import Dense
from chainrule.network import Network

# Loading the compiled kernels takes a second, and they save a quarter of the time: worth it from some seconds on.
# A fit seldom uses all of its max_iter epochs, so what those would take is counted, and four times as much asked.
SINGLE = 2**18  # rows d_in d_out, up to which OpenBLAS takes one thread by itself
LOADED = 20.0  # seconds, of a step of 100 us and products of 10^10 operations a second


def layers_of(hidden: Any) -> list[int]:
    """The widths of the hidden layers, from one number or any sequence of them."""
    widths = [hidden] if np.ndim(hidden) == 0 else list(hidden)
    for width in widths:
        if isinstance(width, bool) or width != int(width) or width <= 0:
            raise SettingError(f"hidden_layer_sizes must be whole numbers above 0, got {hidden}")
    return [int(width) for width in widths]


def build(estimator: Any, d_in: int, objective: Objective, dtype: DType, random: np.random.RandomState) -> Network:
    """The network with its first weights, drawn from ``random`` in scikit-learn's order, unless told otherwise."""
    activation = estimator.activation
    each = [_ours(one) for one in activation] if isinstance(activation, list | tuple) else _ours(activation)
    sizes = [d_in, *layers_of(estimator.hidden_layer_sizes), objective.outputs]
    specs = mlp_modules(
        sizes,
        each,
        dropout=float(estimator.dropout),
        normalization=estimator.normalization,
        residual=bool(estimator.residual),
    )
    # made here, without looking up what else could be called "dense": half a millisecond
    modules = [Dense(spec["d_in"], spec["d_out"]) if _is_dense(spec) else spec for spec in specs]
    network = Network(modules, dtype=dtype, loss=objective.network, initializer="zeros")
    plain = all(isinstance(m, Dense) or not _has_matrices(m) for m in network.modules)
    if estimator.initializer is None and plain:
        _draw(network, random)
    else:
        network.initialize(estimator.initializer, seed_of(random))
    return network


def _ours(activation: Any) -> Any:
    return (
        make("sigmoid" if activation == "logistic" else activation) if isinstance(activation, str) else activation
    )


def _is_dense(spec: Any) -> bool:
    return isinstance(spec, dict) and spec["name"] == "dense"


def _has_matrices(module: Any) -> bool:
    return isinstance(module, Layer) and any(len(shape) > 1 for shape in module.shapes().values())


def _draw(network: Network, random: np.random.RandomState) -> None:
    """Glorot & Bengio's uniform law, for weights and then biases of each layer, as scikit-learn draws it.

    The limit is sqrt(6 / (d_in + d_out)), and sqrt(2 / ...) where the hidden layers are sigmoid.
    """
    first = next((m for m in network.modules if not isinstance(m, Layer)), None)
    factor = 2.0 if isinstance(first, Sigmoid) else 6.0
    for i, module in enumerate(network.modules):
        if isinstance(module, Dense):
            limit = math.sqrt(factor / (module.d_in + module.d_out))
            network.params[f"{i}.weight"][:] = random.uniform(-limit, limit, (module.d_in, module.d_out)).T
            network.params[f"{i}.bias"][:] = random.uniform(-limit, limit, module.d_out)


def seed_of(random: np.random.RandomState) -> int:
    """A seed for generators of ours."""
    return int(random.randint(np.iinfo(np.int32).max))


def gear(engine: str, network: Network, rows: int, batch_size: int, epochs: int) -> str:
    """What "auto" is: the fused gear for long fits, NumPy for the others; CHAINRULE_ENGINE is heard first.

    It depends on the work alone, so that the same fit gives the same bits in any process.
    """
    if engine != "auto" or ENGINE in os.environ:
        return engine
    steps = epochs * math.ceil(rows / batch_size)
    operations = 3 * batch_size * sum(m.operations() for m in network.modules if isinstance(m, Layer))
    return "auto" if steps * (1e-4 + operations / 1e10) > LOADED else "numpy"


def threads(network: Network, batch_size: int) -> int | None:
    """1, or None to leave BLAS as it is; asking for it costs a millisecond, as much as ten steps on small data."""
    products = [batch_size * m.d_in * m.d_out for m in network.modules if isinstance(m, Layer)]
    return None if max(products) <= SINGLE else suited_threads(network.modules, batch_size)
