from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.metrics import METRICS
from chainrule.plots import confusion
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("confusion")
@dataclass(frozen=True)
class Confusion(Picture):
    """Which classes are taken for which, on the rows furthest from training."""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        names = record.classes
        _, y, part = record.judged
        counts = METRICS.make({"name": "confusion_matrix", "classes": len(names)})(y, record.predicted)
        off = counts - np.diag(np.diag(counts))
        words = f"Of {len(y):,} {part} rows {np.trace(counts):,} are on the diagonal: predicted right."
        if off.any():
            i, j = np.unravel_index(off.argmax(), off.shape)
            words += f" Most often {names[i]:.40} was taken for {names[j]:.40}: {off[i, j]} times."
        return Drawn(confusion(counts, names, dark=dark), f"confusion matrix, {part} rows", words)
