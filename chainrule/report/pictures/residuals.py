from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.errors import InputError
from chainrule.metrics import METRICS
from chainrule.plots import residuals
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("residuals")
@dataclass(frozen=True)
class Residuals(Picture):
    """A regression's predictions against the truth, and the differences."""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        target = record.network.target
        if target is None or target.task != "values":
            raise InputError(f"{record.name} predicts classes; residuals are of quantities")
        _, y, part = record.judged
        y = y.reshape(record.predicted.shape)
        made = residuals(y, record.predicted, target.names, dark=dark)
        error = METRICS.make("absolute_error")(y, record.predicted)
        words = f"{len(y):,} {part} rows; the mean absolute error is {error:.4g}."
        return Drawn(made, "predictions and residuals", words)
