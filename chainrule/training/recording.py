"""What is scored after each epoch: the training rows, or a sample of them, and the validation rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.core.rng import generator
from chainrule.losses import Loss
from chainrule.metrics import Metric
from chainrule.network import Network
from chainrule.training.evaluation import MAIN_METRIC, Rows, score

SAMPLE = 2000  # rows of the training data on which metrics are taken after each epoch


class Recording:
    """``columns`` are the names of what ``scores`` gives, and ``better`` which way each gets better."""

    def __init__(
        self,
        network: Network,
        loss: Loss,
        rows: Rows,
        validation: Rows | None,
        metrics: Mapping[str, Metric],
        seed: int,
    ) -> None:
        self._network, self._loss, self._metrics = network, loss, metrics
        chosen = np.sort(generator(seed, "sample").permutation(len(rows.x))[:SAMPLE])
        self._sample = Rows(rows.x[chosen], rows.target[chosen])
        self._validation = validation
        names = dict.fromkeys([MAIN_METRIC[loss.task], *metrics])
        better = {name: metrics[name].better if name in metrics else "higher" for name in names}
        self.better = dict(better)
        if validation is not None:
            self.better |= {f"validation_{name}": way for name, way in {"loss": "lower", **better}.items()}
        self.columns = tuple(self.better)

    def scores(self) -> dict[str, float]:
        """The scores of the network as it is."""
        found = score(self._network, self._loss, self._sample, self._metrics)
        del found["loss"]  # the loss of the batches, as they were met, is the epoch's
        if self._validation is not None:
            checked = score(self._network, self._loss, self._validation, self._metrics)
            found.update((f"validation_{name}", value) for name, value in checked.items())
        return found
