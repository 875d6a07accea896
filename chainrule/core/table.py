"""A table of named columns, as texts: what a CSV file is before anybody decides what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.settings import nearest, show
from chainrule.core.types import Array


@dataclass(frozen=True)
class Table:
    """Columns of equal length, each an array of texts. ``lines`` are their line numbers in the file."""

    names: tuple[str, ...]
    columns: tuple[Array, ...]
    lines: Array
    source: str

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, name: str) -> Array:
        if name not in self._places:
            raise InputError(f"{self.source} has no column {show(name)}.{nearest(name, self.names)}")
        return self.columns[self._places[name]]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def take(self, rows: Array) -> Table:
        """The table of these rows."""
        return Table(self.names, tuple(c[rows] for c in self.columns), self.lines[rows], self.source)

    def without(self, names: Sequence[str]) -> Table:
        """The table without these columns; each must be there."""
        for name in names:
            self[name]
        left = set(names)
        kept = [i for i, name in enumerate(self.names) if name not in left]
        return Table(
            tuple(self.names[i] for i in kept), tuple(self.columns[i] for i in kept), self.lines, self.source
        )

    def is_numeric(self, name: str) -> bool:
        """Whether every cell of the column is a number."""
        return all(as_number(cell) is not None for cell in self[name])

    def numbers(self, name: str) -> Array:
        """The column as finite float64 numbers; InputError names the first line that is none."""
        values = np.empty(len(self))
        for i, cell in enumerate(self[name]):
            number = as_number(cell)
            if number is None or not np.isfinite(number):
                what = "is empty" if not cell.strip() else f"is {show(cell, 60)}"
                raise InputError(
                    f"{self.source}, line {self.lines[i]}: column {show(name)} {what}; expected a finite number. "
                    "Fill in or remove such rows, or leave the column out with --ignore"
                )
            values[i] = number
        return values

    def texts(self, name: str) -> Array:
        """The column as texts; InputError names the first line that is empty."""
        column = self[name]
        for i, cell in enumerate(column):
            if not cell.strip():
                raise InputError(
                    f"{self.source}, line {self.lines[i]}: column {show(name)} is empty. Fill in or remove such "
                    "rows, or leave the column out with --ignore"
                )
        return column


def as_number(cell: str) -> float | None:
    """The number a cell holds, or None; '1_000', which Python would read as 1000, is a text."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
