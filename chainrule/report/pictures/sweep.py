from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.plots import sweep
from chainrule.report.pictures._results import results
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("sweep")
@dataclass(frozen=True)
class Sweep(Picture):
    """Several runs as lines across the settings in which they differ, and their last recorded metric."""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        rows, _, result = results(records)
        best = max((row for row in rows if row[result] is not None), key=lambda row: row[result], default=None)
        words = f"{len(rows)} runs by their settings and {result}."
        if best is not None:
            words += " The best: " + ", ".join(f"{name} {value!s:.40}" for name, value in best.items()) + "."
        return Drawn(sweep(rows, result, dark=dark), f"{len(rows)} runs", words)
