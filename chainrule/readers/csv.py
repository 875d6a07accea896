from __future__ import annotations

import codecs
import csv
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.settings import show
from chainrule.core.table import Table
from chainrule.core.types import Array
from chainrule.readers.base import READERS, Reader

MOST_COLUMNS = 100_000  # each takes hundreds of bytes, however short
BLOCK = 5_000  # cells that are rows before they are parts of columns


@READERS.register("csv")
@dataclass(frozen=True)
class CSV(Reader):
    """Comma-separated values, UTF-8, with a header line; cells stay texts until someone decides what they are.

    ``delimiter`` is "," unless told. Blank lines are skipped; a line with more or fewer cells than the header
    is an error with its number.
    """

    delimiter: str = ","

    def read(self, path: Path) -> Table:
        data = files.read(path, "a CSV file")
        if b"\0" in data and data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise FileError(f"{path} holds zero bytes; it is no CSV file")
        reader = csv.reader(self._lines(path, data), delimiter=self.delimiter, strict=True)
        try:
            header = next((row for row in reader if row), None)
            if header is None:
                raise FileError(f"{path} is empty; expected a header line and rows")
            names = self._names(path, header)
            columns, lines = self._columns(path, reader, len(names))
        except csv.Error as problem:
            raise FileError(f"{path}, line {reader.line_num}: {problem}") from None
        except UnicodeDecodeError:
            place = _first_wrong(data)
            raise FileError(f"{path} is not UTF-8 text (byte {place}); save it as UTF-8") from None
        if not len(lines):
            raise FileError(f"{path} has a header but no rows")
        return Table(names, columns, lines, path.name)

    def _columns(self, path: Path, reader: Any, width: int) -> tuple[tuple[Array, ...], Array]:
        """The cells of the rows, by column, and each row's line.

        Gathered by column: a list for each row would take eight times the bytes of a short cell.
        """
        columns: list[list[str]] = [[] for _ in range(width)]
        rows: list[list[str]] = []
        lines = array("q")
        for row in reader:
            if len(row) != width:
                if not row:
                    continue
                raise FileError(
                    f"{path}, line {reader.line_num}: {len(row)} cells; the header has {width} columns"
                )
            rows.append(row)
            lines.append(reader.line_num)
            if len(rows) * width > BLOCK:
                _gather(rows, columns)
        _gather(rows, columns)
        made = []
        for i in range(width):
            made.append(np.array(columns[i], dtype=object))
            columns[i] = []
        return tuple(made), np.frombuffer(lines, np.int64) if len(lines) else np.empty(0, np.int64)

    def _lines(self, path: Path, data: bytes) -> Iterator[str]:
        """The lines of the text, which as a whole could take 4 bytes a byte."""
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline=""), 1):
            if len(line) > MOST_COLUMNS and line.count(self.delimiter) >= MOST_COLUMNS:
                raise FileError(
                    f"{path}, line {number}: more than {MOST_COLUMNS} cells, the most. Try an .npy array"
                )
            yield line

    def _names(self, path: Path, header: list[str]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in header)
        seen = set()
        for i, name in enumerate(names):
            if not name:
                raise FileError(f"{path}: column {i + 1} of the header has no name")
            if name in seen:
                raise FileError(f"{path}: two columns are called {show(name)}")
            seen.add(name)
        numbers = sum(name.replace(".", "", 1).lstrip("-").isdigit() for name in names)
        if numbers == len(names):
            raise FileError(
                f"{path}: the first line holds numbers only; expected a header with the columns' names"
            )
        return names


def _gather(rows: list[list[str]], columns: list[list[str]]) -> None:
    """Move the cells of the rows to the columns."""
    for column, cells in zip(columns, zip(*rows, strict=True), strict=bool(rows)):
        column.extend(map(str.strip, cells))
    rows.clear()


def _first_wrong(data: bytes) -> int:
    """The place of the first byte that is no UTF-8, found a megabyte at a time."""
    decoder, at = codecs.getincrementaldecoder("utf-8")(), 0
    while True:
        block = data[at : at + 1_000_000]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=len(block) < 1_000_000)
        except UnicodeDecodeError as problem:
            return at - held + problem.start
        at += len(block)
