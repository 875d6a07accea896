from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.plots import rates
from chainrule.report.pictures.base import PICTURES, Drawn, Picture, recorded
from chainrule.runs.record import Record


@PICTURES.register("rates")
@dataclass(frozen=True)
class Rates(Picture):
    """The learning rate of every step; and the gradient's norm, where the callback gradient_norm recorded it."""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        rows, planned = recorded(record), record.schedule()
        words = f"The learning rate follows the schedule {record.config.schedule}."
        if len(planned):
            words = f"{words[:-1]}, from {planned[0]:.3g} over at most {planned.max():.3g} to {planned[-1]:.3g}."
        norms = "gradient_norm" in rows[-1]
        if norms:
            words += " Beside it the norm of the gradient, the mean of each epoch's steps and the largest."
        return Drawn(rates(rows, planned, dark=dark), "learning rate" + " and norm of the gradient" * norms, words)
