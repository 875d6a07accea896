from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.settings import whole
from chainrule.metrics import METRICS
from chainrule.plots import calibration
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("calibration")
@dataclass(frozen=True)
class Calibration(Picture):
    """Whether of the rows given 80 % about 80 % are right."""

    bins: int = 15

    def __post_init__(self) -> None:
        whole("calibration: bins", self.bins, most=200)

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        record.classes  # noqa: B018 (refuses a regression)
        _, y, part = record.judged
        p = record.probabilities
        confidence, right = p.max(axis=1).astype(float), p.argmax(axis=1) == y
        error = METRICS.make({"name": "calibration_error", "bins": self.bins})(y, p)
        words = (
            f"On {len(y):,} {part} rows the mean confidence is {confidence.mean():.4f} and the share right "
            f"{right.mean():.4f}. The expected calibration error over {self.bins} bins is {error:.4f}."
        )
        return Drawn(calibration(confidence, right, self.bins, dark=dark), "reliability diagram", words)
