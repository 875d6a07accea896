"""The rows of a training in the forms that its network and loss compute with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.regularizers import Regularizer
from chainrule.training.evaluation import Rows, prepare_target
from chainrule.training.gathering import gathered
from chainrule.training.leaks import refuse_target
from chainrule.training.regularization import mixable
from chainrule.training.weighing import ClassWeight, class_weights, row_weights, sample_weights


class Preparation:
    """``rows(X, y, sample_weight)``; ``by_class`` are the weights of classes, (k,), once rows were prepared."""

    def __init__(
        self,
        network: Network,
        loss: Loss,
        regularizers: Sequence[Regularizer],
        class_weight: ClassWeight | None,
        fused: bool,
    ) -> None:
        self._network, self._loss, self._regularizers = network, loss, regularizers
        self._class_weight, self._fused = class_weight, fused
        self.by_class: Array | None = None
        self._looked = False

    def rows(self, X: Any, y: Any, sample_weight: Any = None) -> Rows:
        """Checked; raises InputError or ShapeError for data that doesn't fit."""
        network, loss = self._network, self._loss
        x = gathered(network, X, self._fused)
        target = prepare_target(network, loss, x.raw, y, "fit")
        raw = X if isinstance(X, np.ndarray) else x.raw if network.preprocessing is None else None
        if raw is not None and raw.ndim == 2 and not self._looked:  # of a stream at the first chunk
            refuse_target(raw, y)
        self._looked = True
        weights = None if sample_weight is None else sample_weights(sample_weight, len(x), network.dtype)
        if self._class_weight is not None:
            self.by_class = class_weights(network, loss, target, self._class_weight, weights)
        weight = row_weights(loss, target, network.dtype, weights, self.by_class)
        return Rows(x, mixable(loss, target, network.d_out, network.dtype, self._regularizers), weight)
