from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.plots import distributions
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("distributions")
@dataclass(frozen=True)
class Distributions(Picture):
    """The weights of each layer before training, as the seed draws them again, and after it."""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        before, after = record.run.network.state_dict(), record.network.state_dict()
        last = float(record.network.training.get("epochs", 1)) or 1.0
        layers = {name: {0.0: before[name], last: after[name]} for name in after if name.endswith("weight")}
        words = " ".join(
            f"{name}: standard deviation {np.std(before[name], dtype=float):.3g} before, "
            f"{np.std(after[name], dtype=float):.3g} after."
            for name in layers
        )
        return Drawn(distributions(layers, dark=dark), "weights before and after training", words)
