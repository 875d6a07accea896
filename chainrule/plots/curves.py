"""Loss curves: the loss by the step, both on scales of powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.plots.base import COLORS, STYLES, figure, label, picture


@dataclass(frozen=True)
class Line:
    """One curve: its label, and the loss before steps 1, 2, 3 ..."""

    label: str
    losses: Sequence[float]


@picture
def curves(panels: Mapping[str, Sequence[Line]], title: str) -> Any:
    """A panel for each group of lines; lines that lie on each other are told apart by their width and dashes."""
    made = figure(4.2 * min(len(panels), 2) + 0.8, 3.4 * ((len(panels) + 1) // 2) + 0.4)
    made.suptitle(label(title, 80))
    axes = made.subplots((len(panels) + 1) // 2, min(len(panels), 2), squeeze=False).ravel()
    for ax, (name, lines) in zip(axes, panels.items(), strict=False):
        for i, line in enumerate(lines):
            steps = range(1, len(line.losses) + 1)
            # The first is drawn widest, so that those upon it leave it to be seen.
            width = 1.5 * (len(lines) - i)
            ax.plot(
                steps,
                line.losses,
                STYLES[i % 4],
                color=COLORS[i % 8],
                linewidth=width,
                label=label(line.label, 40),
            )
        ax.set(title=label(name, 40), xlabel="step", ylabel="loss", xscale="log", yscale="log")
        ax.grid(visible=True, alpha=0.3)
        if lines:
            ax.legend(frameon=False, fontsize="small")
    for ax in axes[len(panels) :]:
        ax.remove()
    return made
