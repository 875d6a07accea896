from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.table import Table
from chainrule.readers.base import READERS, Reader


@READERS.register("csv")
@dataclass(frozen=True)
class CSV(Reader):
    """Comma-separated values, UTF-8, with a header line; cells stay texts until someone decides what they are.

    ``delimiter`` is "," unless told. Blank lines are skipped; a line with more or fewer cells than the header
    is an error with its number.
    """

    delimiter: str = ","

    def read(self, path: Path) -> Table:
        try:
            text = files.read(path, "a CSV file").decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise FileError(f"{path} is not UTF-8 text (byte {problem.start}); save it as UTF-8") from None
        if "\0" in text:
            raise FileError(f"{path} holds zero bytes; it is no CSV file")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        rows, lines = [], []
        try:
            header = next((row for row in reader if row), None)
            if header is None:
                raise FileError(f"{path} is empty; expected a header line and rows")
            names = self._names(path, header)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(names):
                    raise FileError(
                        f"{path}, line {reader.line_num}: {len(row)} cells; the header has {len(names)} columns"
                    )
                rows.append(row)
                lines.append(reader.line_num)
        except csv.Error as problem:
            raise FileError(f"{path}, line {reader.line_num}: {problem}") from None
        if not rows:
            raise FileError(f"{path} has a header but no rows")
        cells = np.array(rows, dtype=object)
        columns = tuple(np.array([cell.strip() for cell in column], dtype=object) for column in cells.T)
        return Table(names, columns, np.array(lines), path.name)

    def _names(self, path: Path, header: list[str]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in header)
        for i, name in enumerate(names):
            if not name:
                raise FileError(f"{path}: column {i + 1} of the header has no name")
            if name in names[:i]:
                raise FileError(f"{path}: two columns are called {name!r}")
        numbers = sum(name.replace(".", "", 1).lstrip("-").isdigit() for name in names)
        if numbers == len(names):
            raise FileError(
                f"{path}: the first line holds numbers only; expected a header with the columns' names"
            )
        return names
