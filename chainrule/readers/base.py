"""What a reader is: a file's bytes become an array or a table, or one clear error. Nothing in a file is run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from chainrule.core.errors import FileError
from chainrule.core.registry import Registry
from chainrule.core.table import Table
from chainrule.core.types import Array


class Reader(ABC):
    """Reads files whose name ends in a dot and the reader's name."""

    name: ClassVar[str]

    @abstractmethod
    def read(self, path: Path) -> Array | Table:
        """The data of the file. FileError where it is not what it should be."""


READERS: Registry[Reader] = Registry("file format", __name__, __file__)


def read(path: str | Path) -> Array | Table:
    """The data of a file, by its ending."""
    path = Path(path)
    ending = path.suffix.lstrip(".").lower()
    if ending not in READERS:
        known = ", ".join(f".{name}" for name in READERS)
        raise FileError(f"{path}: no reader for files ending in {path.suffix or 'nothing'!r}; known: {known}")
    return READERS.make(ending).read(path)
