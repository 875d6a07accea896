"""Loss and metric by epoch: training, validation, the best epoch, one run or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.plots.base import COLORS, by_epoch, figure, label, numbers, picture, powers, wide

Rows = Sequence[Mapping[str, Any]]
METRICS = ("accuracy", "r2")
MOST_NAMED = 12  # runs in the legend
SHOWN_POINTS = 25  # epochs that still have a dot each


@picture
def training(runs: Mapping[str, Rows], panels: Sequence[str] = ()) -> Any:
    """A panel for the loss and one for the metric. ``runs`` are rows of a history (a dictionary an epoch) by name.

    ``panels`` are columns of the history, all that there are unless told. Losses that span a wide range are on a
    scale of powers of ten. A ring marks the epoch that is best on the validation rows; where numbers stopped being
    finite, as after a divergence, a dotted line stands.
    """
    known = {column for rows in runs.values() for row in rows for column in row}
    shown = list(panels) or [column for column in ("loss", *METRICS) if column in known]
    made = figure(4.8 * len(shown), 3.4)
    axes = made.subplots(1, len(shown), squeeze=False)[0]
    for ax, column in zip(axes, shown, strict=True):
        _panel(ax, column, runs)
    handles, labels = axes[0].get_legend_handles_labels()
    if len(runs) > MOST_NAMED:
        labels[-1] = f"{labels[-1]} … {len(runs) - MOST_NAMED} more"
    made.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 2 * len(shown)))
    return made


def _panel(ax: Any, column: str, runs: Mapping[str, Rows]) -> None:
    everything = []
    for i, (name, rows) in enumerate(runs.items()):
        epochs = numbers([row.get("epoch") for row in rows])
        for part, values in _lines(column, rows).items():
            single, held = len(runs) == 1, part == "validation"
            color = COLORS[int(held) if single else i % len(COLORS)]
            text = part if single else label(name) if part == _main(column, rows) and i < MOST_NAMED else None
            dots = "." if len(rows) <= SHOWN_POINTS else None
            dashes = ":" if not single and part != _main(column, rows) else "--" if i >= len(COLORS) else "-"
            ax.plot(epochs, values, dashes, marker=dots, color=color, label=text)
            _marks(ax, epochs, values, color, _best(column) if held else None, single)
            everything.append(values)
    together = np.concatenate(everything) if everything else np.empty(0)
    if column == "loss" and wide(together):
        powers(ax.yaxis)
    ax.set(title=column if len(runs) == 1 else f"{column} (dotted: training)", xlabel="epoch")
    by_epoch(ax, max((len(rows) for rows in runs.values()), default=0))
    ax.grid(visible=True)


def _lines(column: str, rows: Rows) -> dict[str, Array]:
    """The column of the training rows, and that of the validation rows if it was recorded."""
    found = {"training": numbers([row.get(column) for row in rows])}
    if any(f"validation_{column}" in row for row in rows):
        found["validation"] = numbers([row.get(f"validation_{column}") for row in rows])
    return found


def _main(column: str, rows: Rows) -> str:
    return "validation" if "validation" in _lines(column, rows) else "training"


def _best(column: str) -> Any:
    return np.nanargmin if column == "loss" else np.nanargmax


def _marks(ax: Any, epochs: Array, values: Array, color: str, best: Any, written: bool) -> None:
    """A ring at the best epoch, with its value if ``written``, and a dotted line where the numbers stop."""
    finite = np.isfinite(values)
    if best is not None and finite.any():
        at = best(values)
        ax.plot(epochs[at], values[at], "o", markersize=9, markerfacecolor="none", color=color)
        if written:  # above the panel, where no line is
            ax.set_title(f"best: {values[at]:.4g}, epoch {epochs[at]:.0f}", loc="right", fontsize=8)
    if finite.any() and not finite[-1]:
        last = np.flatnonzero(finite)[-1]
        ax.axvline(epochs[last + 1], color=color, linestyle=":")
        ax.annotate("not finite", (epochs[last + 1], 1), (-3, -4), xycoords=("data", "axes fraction"),
                    textcoords="offset points", rotation=90, ha="right", va="top", fontsize=8)  # fmt: skip
