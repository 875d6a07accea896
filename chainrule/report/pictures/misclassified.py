from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.settings import whole
from chainrule.plots import misclassified
from chainrule.report.pictures.base import PICTURES, Drawn, Picture, as_images
from chainrule.runs.record import Record


@PICTURES.register("misclassified")
@dataclass(frozen=True)
class Misclassified(Picture):
    """Images that were taken for another class, the most confident mistakes first."""

    most: int = 24
    height: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        whole("misclassified: most", self.most, most=600)
        for name in ("height", "width"):
            whole(f"misclassified: {name}", getattr(self, name), least=0)

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        names = record.classes
        X, y, part = record.judged
        images = as_images(record, X, self.height, self.width)
        confidence = record.probabilities.max(axis=1)
        made = misclassified(images, y, record.predicted, confidence, names, self.most, dark=dark)
        wrong = int((record.predicted != y).sum())
        words = (
            f"{wrong:,} of {len(y):,} {part} rows are wrong; the {min(wrong, self.most)} most confident are shown."
        )
        return Drawn(made, "misclassified images", words)
