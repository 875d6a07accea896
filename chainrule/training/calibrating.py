"""Temperature scaling: probabilities that mean what they say, by one number found on rows held out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import InputError, NotFittedError, SettingError
from chainrule.core.types import Array
from chainrule.layers import Layer
from chainrule.layers.base import views
from chainrule.losses import LOSSES, Loss
from chainrule.network import Network, check_network
from chainrule.training.evaluation import evaluate, prepare

MEASURES = ("log_loss", "calibration_error")
BY_LINK = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}  # the log loss of each
WIDEST = math.log(1000.0)  # of |log T|: beyond it there is nothing to calibrate


@dataclass(frozen=True)
class Calibration:
    """The ``temperature``, and log loss and calibration error of the rows ``before`` and ``after``."""

    temperature: float
    before: dict[str, float]
    after: dict[str, float]


def calibrate(network: Network, X: Any, y: Any) -> Calibration:
    """p = softmax(z / T), with the T that makes the log loss of these rows least.  Guo et al. 2017.

    The rows are to be ones that were not trained on. T above 1 makes a network less sure; what it decides stays
    as it is. T is divided out of the last dense layer, W <- W / T and b <- b / T, so that everything downstream,
    files and exports among it, has it without knowing; ``network.training["temperature"]`` tells it.

    The log loss is convex in 1 / T, so the zero of its slope is found by bisection, to the last bit that counts.
    Raises SettingError for a network that learns no probabilities or ends in no dense layer, and InputError where
    no T is best: all rows right, say.
    """
    check_network("calibrate", network)
    if network.loss is None:
        raise NotFittedError("calibrate needs a trained network; fit it first")
    if not network.loss.gives_probabilities:
        raise SettingError(f"{network.loss.name} learns no probabilities, so there is nothing to calibrate")
    modules = network.core_modules(network.loss)
    last = modules[-1]
    if not isinstance(last, Layer) or last.name != "dense":
        raise SettingError(f"calibrate scales a last dense layer; this network ends in {last.name}")
    before = evaluate(network, X, y, MEASURES)
    temperature = _best(network, X, y)
    for array in views(len(modules) - 1, last, network.params).values():
        array /= array.dtype.type(temperature)
    network.training["temperature"] = temperature * network.training.get("temperature", 1.0)
    after = evaluate(network, X, y, MEASURES)
    return Calibration(temperature, *({name: found[name] for name in MEASURES} for found in (before, after)))


def _best(network: Network, X: Any, y: Any) -> float:
    assert network.loss is not None
    loss = LOSSES.make(BY_LINK[network.loss.link])
    x, target = prepare(network, loss, X, y, "calibrate")
    z = network.core_logits(network.loss, x).astype(np.float64)
    return best_temperature(loss, z, target if target.dtype.kind == "i" else target.astype(np.float64))


def best_temperature(loss: Loss, z: Array, target: Array) -> float:
    """The T at which the slope of the log loss of z / T, by 1 / T, is 0. InputError where there is none."""

    def slope(log_t: float) -> float:
        _, d = loss.value_and_gradient(z * math.exp(-log_t), target)
        return float(np.vdot(d, z))  # by 1 / T, so it falls as T grows

    low, high = -WIDEST, WIDEST
    with np.errstate(all="ignore"):
        if slope(low) <= 0:
            raise InputError(
                "every smaller temperature is better here: all rows are right. Calibrate on more rows"
            )
        if slope(high) >= 0:
            raise InputError("every larger temperature is better here: the network is no better than chance")
        while high - low > 1e-12:
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return math.exp((low + high) / 2)
