from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.errors import InputError
from chainrule.plots import training
from chainrule.plots.training import METRICS
from chainrule.report.pictures.base import PICTURES, Drawn, Picture, recorded
from chainrule.runs.record import Record


@PICTURES.register("training")
@dataclass(frozen=True)
class Training(Picture):
    """Loss and metric by epoch, of one run or several. ``show`` is loss or the metric alone."""

    show: str = ""

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        runs = {str(record.path): recorded(record) for record in records}
        known = [name for name in ("loss", *METRICS) if any(name in rows[-1] for rows in runs.values())]
        panels = [name for name in known if self.show in ("", name)]
        if not panels:
            raise InputError(f"no run recorded {self.show!r:.60}; there is {', '.join(known)}")
        shown = training({_name(path): rows for path, rows in runs.items()}, panels, dark=dark)
        words = [self._words(rows, panel) for rows in list(runs.values())[:1] for panel in panels]
        more = f" Beside it {len(runs) - 1} other runs." if len(runs) > 1 else ""
        return Drawn(shown, " and ".join(panels) + " by epoch", " ".join(words) + more)

    @staticmethod
    def _words(rows: Sequence[dict[str, float]], panel: str) -> str:
        parts = [f"The {panel} on the training rows goes from {_number(rows[0].get(panel))} in epoch 1 to "
                 f"{_number(rows[-1].get(panel))} in epoch {rows[-1]['epoch']}"]  # fmt: skip
        held = f"validation_{panel}"
        if held in rows[-1]:
            parts.append(f"on the validation rows from {_number(rows[0][held])} to {_number(rows[-1][held])}")
        return ", ".join(parts) + "."


def _number(value: float | None) -> str:
    return "no finite number" if value is None else f"{value:.4g}"


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path
