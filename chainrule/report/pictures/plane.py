from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.errors import SettingError
from chainrule.plots import plane
from chainrule.report.pictures._results import results
from chainrule.report.pictures.base import PICTURES, Drawn, Picture
from chainrule.runs.record import Record


@PICTURES.register("plane")
@dataclass(frozen=True)
class Plane(Picture):
    """The last recorded metric of several runs over two settings, ``x`` and ``y``; untold, the two that differ."""

    x: str = ""
    y: str = ""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        rows, differing, result = results(records)
        chosen = [self.x, self.y] if self.x and self.y else differing
        if len(chosen) != 2 or any(name not in differing for name in chosen):
            names = ", ".join(differing) or "nothing"
            raise SettingError(f"these runs differ in {names}; choose two, as plane:x=learning_rate,y=batch_size")
        words = f"{len(rows)} runs by {chosen[0]} and {chosen[1]}; the number of each cell is the {result}."
        return Drawn(plane(rows, *chosen, result, dark=dark), f"{result} by {' and '.join(chosen)}", words)
