from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.errors import InputError
from chainrule.core.settings import whole
from chainrule.plots import weights
from chainrule.report.pictures.base import PICTURES, Drawn, Picture, feature_names, image_shape
from chainrule.runs.record import Record

MOST_FEATURES = 2000  # of a table of colors


@PICTURES.register("weights")
@dataclass(frozen=True)
class Weights(Picture):
    """The first layer's weights, unit by unit, the largest first; as images of height x width, or of a square."""

    height: int = 0
    width: int = 0
    most: int = 64

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            whole(f"weights: {name}", getattr(self, name), least=0)
        whole("weights: most", self.most, most=1000)

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        shape = image_shape(record, self.height, self.width)
        state = record.network.state_dict()
        W = next(array for name, array in state.items() if name.endswith("weight") and array.ndim == 2)
        if shape is None and W.shape[1] > MOST_FEATURES:
            raise InputError(f"{W.shape[1]} features are too many for a table; give weights:height=..,width=..")
        made = weights(W.astype(float), shape, self.most, feature_names(record), dark=dark)
        form = f"images of {shape[0]} x {shape[1]}" if shape else "rows of a table"
        words = (
            f"The weights into {min(self.most, len(W))} of the {len(W)} units of the first layer as {form}, the "
            "largest norm first, on one scale: blue above 0, orange below."
        )
        return Drawn(made, "weights of the first layer", words)
