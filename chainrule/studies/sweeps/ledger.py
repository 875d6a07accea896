"""trials.jsonl: a line for each training that has ended, written at once, so that nothing is done twice."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.files import json_ready

MOST_TRIALS = 2_000_000_000  # bytes


class Ledger:
    """Opened for one process alone; FileError if another one writes in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[dict[str, Any]]:
        """Every whole line. A last line without its end, of a sweep that was killed, is left out."""
        if not self.path.exists():
            return []
        text = files.read(self.path, "a trials.jsonl", MOST_TRIALS).decode("utf-8", "replace")
        return [self._line(number, line) for number, line in enumerate(text.split("\n")[:-1], 1)]

    def _line(self, number: int, line: str) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not {"point", "seed", "fold", "rung", "state", "score"} <= set(found):
            raise FileError(f"{self.path}, line {number}: expected the record of a trial; came {line[:60]!r}")
        return found

    @contextlib.contextmanager
    def writing(self) -> Iterator[IO[bytes]]:
        """The file, its torn end cut off, locked against other processes for as long as this is open."""
        try:
            with self.path.open("ab") as file:
                _lock(file, self.path)
                whole = self.path.read_bytes().rfind(b"\n") + 1
                file.truncate(whole)
                yield file
        except FileError:
            raise
        except OSError as problem:
            raise FileError(f"cannot write {self.path}: {problem.strerror or problem}") from None


def append(file: IO[bytes], record: dict[str, Any]) -> None:
    """One line, on the disk when this returns."""
    file.write(json.dumps(json_ready(record), allow_nan=False).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileError(
            f"another sweep is writing in {path.parent}; wait for it, or name another --run-dir"
        ) from None
