"""What a network's loss, or one of its outputs, would do if a feature moved: the derivative by the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.errors import NotFittedError, SettingError
from chainrule.core.params import Params
from chainrule.core.settings import whole
from chainrule.core.types import Array
from chainrule.layers import Layer
from chainrule.layers.base import views
from chainrule.network import Network, check_network
from chainrule.training.evaluation import prepare


def input_gradients(network: Network, X: Any, y: Any = None, *, output: int | None = None) -> Array:
    """The derivative by each feature of each row, (n, d_in): of the row's own loss, or of one logit.

    With answers ``y`` it is dl/dx of l, the loss of that row alone; with ``output`` it is dz/dx of that column of
    ``network.logits``. x is what the network sees, so after its preprocessing. Layers are as they are when
    predicting. Raises SettingError unless one of both is given, and where the first layer takes categories.
    """
    check_network("input_gradients", network)
    if (y is None) == (output is None):
        raise SettingError("input_gradients takes answers y, or output=, the number of a logit: one of both")
    if network.loss is None:
        raise NotFittedError("this network has no loss yet; fit it first, or pass loss= when building it")
    modules = network.core_modules(network.loss)
    if y is None:
        whole("output", output, least=0, most=network.d_out - 1)
        x = network.features(X)
    else:
        x, target = prepare(network, network.loss, X, y, "input_gradients")
    places = [
        views(i, module, network.params, network.buffers) if isinstance(module, Layer) else {}
        for i, module in enumerate(modules)
    ]
    values = [x]
    with np.errstate(all="ignore"):
        for module, p in zip(modules, places, strict=True):
            values.append(
                module.forward(values[-1], p) if isinstance(module, Layer) else module.forward(values[-1])
            )
        if y is None:
            d = np.zeros_like(values[-1])
            d[:, output] = 1
        else:
            _, d = network.loss.value_and_gradient(values[-1], target)
            if network.loss.reduction == "mean":
                d *= len(x)  # the mean over the rows is not of interest: each row is one by itself
        unused = Params(network.params.shapes, network.dtype)  # where the parameters' gradients go
        for i in range(len(modules) - 1, -1, -1):
            module = modules[i]
            if isinstance(module, Layer):
                dx = module.backward(d, values[i], places[i], views(i, module, unused))
                if dx is None:
                    raise SettingError(f"{module} takes categories, by which nothing has a derivative")
                d = dx
            else:
                d = module.backward(d, values[i], values[i + 1])
    return d
