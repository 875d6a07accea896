"""A loss and a metric of a network on given rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import NotFittedError
from chainrule.core.types import Array
from chainrule.losses import Loss
from chainrule.metrics import METRICS
from chainrule.network import Network

MAIN_METRIC = {"classes": "accuracy", "values": "r2"}


def prepare(network: Network, loss: Loss, X: Any, y: Any, what: str) -> tuple[Array, Array]:
    """Features and target of a network, checked and in the forms that it and its loss compute with."""
    x = network.features(X)
    if y is None:
        raise NotFittedError(f"{what} needs targets")
    checks.unmasked("the target", y)
    y = checks.rectangular("the target", y) if network.target is None else network.target.encode(y)
    if y.ndim == 0:
        y = y[None]
    checks.same_length(what, x, y)
    return x, loss.prepare(y, len(x), network.d_out, network.dtype)


def score(network: Network, loss: Loss, x: Array, target: Array) -> dict[str, float]:
    """The loss and the task's main metric on prepared rows."""
    logits = network.core_logits(loss, x)
    with np.errstate(all="ignore"):
        value, _ = loss.value_and_gradient(logits, target)
        metric = MAIN_METRIC[loss.task]
        return {"loss": value, metric: METRICS.make(metric)(loss.labels(target), loss.decide(logits))}


def evaluate(network: Network, X: Any, y: Any) -> dict[str, float]:
    """The network's loss and main metric (accuracy or R^2) on raw features and answers."""
    if network.loss is None:
        raise NotFittedError("this network has no loss yet; fit it first, or pass loss= when building it")
    x, target = prepare(network, network.loss, X, y, "evaluate")
    return score(network, network.loss, x, target)
