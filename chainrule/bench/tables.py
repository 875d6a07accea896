"""Tables, for a terminal and for a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100


@dataclass(frozen=True)
class Table:
    """A title, a head, rows of texts, and notes below; the first column is of words, the others of numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    words: int = 1  # columns of words, at the left

    def text(self) -> str:
        """For a terminal of 100 columns."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.head))]
        gap = "  " if sum(widths) + 2 * (len(widths) - 1) <= WIDTH else " "
        shown = [
            gap.join(
                f"{cell:<{width}}" if i < self.words else f"{cell:>{width}}"
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, "", *shown, *(f"  {note}" for note in self.notes), ""])

    def markdown(self) -> str:
        """For a document."""
        rules = ["---" if i < self.words else "---:" for i in range(len(self.head))]
        lines = [f"| {' | '.join(line)} |" for line in (self.head, rules, *self.rows)]
        notes = ["", *(f"{note}  " for note in self.notes)] if self.notes else []
        return "\n".join([f"**{self.title}**", "", *lines, *notes]).rstrip() + "\n"


def ratio(found: dict[str, float] | None, inverse: bool = False) -> str:
    """``1.35 ±4%``: the median, and half the way from the 10th to the 90th percentile."""
    if found is None:
        return "-"
    low, median, high = found["low"], found["median"], found["high"]
    if inverse:
        low, median, high = 1 / high, 1 / median, 1 / low
    return f"{median:.2f} ±{50 * (high - low) / median:.0f}%"


def microseconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
