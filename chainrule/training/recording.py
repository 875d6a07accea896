"""What is scored after each epoch: the training rows, or a sample of them, and the validation rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.rng import generator
from chainrule.core.settings import show
from chainrule.losses import Loss
from chainrule.metrics import Metric
from chainrule.network import Network
from chainrule.training.evaluation import MAIN_METRIC, Rows, score

SAMPLE = 2000  # rows of the training data on which metrics are taken after each epoch


class Recording:
    """``better`` says of the loss and each column of scores which way is better: "lower" or "higher".

    ``sample`` are the training rows that are scored, ``validation`` those rows, or None.
    """

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
        self.sample = Rows(rows.x[chosen], rows.target[chosen])
        self.validation = validation
        names = dict.fromkeys([MAIN_METRIC[loss.task], *metrics])
        better = {name: metrics[name].better if name in metrics else "higher" for name in names}
        self.better: dict[str, str] = {"loss": "lower", **better}
        if validation is not None:
            self.better |= {f"validation_{name}": way for name, way in {"loss": "lower", **better}.items()}

    def watched(self, what: str, who: str) -> str:
        """The column of "loss" or a metric: that of the validation rows, if there are any.

        A metric with settings may be called by its name alone. SettingError, under the name ``who``, for others.
        """
        where = "" if self.validation is None else "validation_"
        name = what.removeprefix("validation_") if where else what
        found = [c for c in self.better if c == where + name or c.partition(":")[0] == where + name]
        if len(found) != 1:
            known = ", ".join(column.removeprefix(where) for column in self.better if column.startswith(where))
            raise SettingError(f"{who} is {show(what)}; this training has {known}. Ask for more with metrics=")
        return found[0]

    def scores(self) -> dict[str, float]:
        """The scores of the network as it is."""
        found = score(self._network, self._loss, self.sample, self._metrics)
        del found["loss"]  # the loss of the batches, as they were met, is the epoch's
        if self.validation is not None:
            checked = score(self._network, self._loss, self.validation, self._metrics)
            found.update((f"validation_{name}", value) for name, value in checked.items())
        return found
