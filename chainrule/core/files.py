"""Writing a file so that it is either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chainrule.core.errors import FileError

PART = ".part"  # how the name of a file ends that is being written
Parts = bytes | Iterable[bytes | memoryview]


def write_whole(path: Path, data: Parts, previous: Path | None = None) -> None:
    """Write beside ``path``, flush to the disk, then rename and flush the folder: nobody ever sees half a file.

    Not after a killed process or a power cut either: the name stands for the old bytes until the new ones are on
    the disk. With ``previous`` the file that was there gets that name. Raises FileError in one line when the
    folder is missing, read-only or full; what was there is there still.
    """
    temporary = None
    try:
        beside = path.with_name(f".{path.name[:50]}.{os.urandom(6).hex()}{PART}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        temporary = beside
        try:
            for part in [data] if isinstance(data, bytes) else data:
                _write(handle, part)
            os.fsync(handle)
        finally:
            os.close(handle)
        if previous is not None and os.path.lexists(path):
            path.replace(previous)
        temporary.replace(path)
        temporary = None
        _flush_folder(path.parent)
    except OSError as problem:
        raise FileError(f"cannot write {path}: {problem.strerror or problem}") from problem
    except ValueError as problem:
        raise FileError(f"{str(path)!r:.200} cannot be the name of a file: {problem}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _write(handle: int, part: bytes | memoryview) -> None:
    left = memoryview(part)
    if left.nbytes:  # else there may be a 0 in its shape, which can't be cast
        left = left.cast("B")
        while left:
            left = left[os.write(handle, left) :]


def _flush_folder(folder: Path) -> None:
    """The new name itself reaches the disk with its folder; where folders can't be flushed nothing can be done."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def sweep(folder: Path, name: str) -> None:
    """Delete what writers of ``name`` left that were killed; for who holds the folder's lock."""
    for left in folder.glob(f".{name[:50]}.*{PART}"):
        with contextlib.suppress(OSError):
            left.unlink()


def read(path: Path, what: str, most: int | None = None) -> bytes:
    """The bytes of a file, at most ``most`` of them; FileError says why not, and names what it should be."""
    expected = size(path, what)
    if most is not None and expected > most:
        raise FileError(f"{path} has {expected} bytes, more than the {most} that {what} may have")
    try:
        with path.open("rb") as file:
            data = file.read(expected + 1)  # and no more, however much it grows meanwhile
    except OSError as problem:
        raise FileError(f"cannot read {path}: {problem.strerror or problem}") from problem
    if len(data) != expected:
        raise FileError(f"{path} has changed while it was read; expected {what} of {expected} bytes")
    return data


def size(path: Path, what: str) -> int:
    """Bytes of a regular file; FileError for what is missing, a folder, or a device or pipe that may never end."""
    try:
        found = path.stat().st_size
        if path.is_dir():
            raise FileError(f"{path} is a folder; expected {what}")
        if not path.is_file():
            raise FileError(f"{path} is a device or a pipe; expected {what}, as a file")
    except FileNotFoundError:
        raise FileError(f"there is no file {path}; expected {what}") from None
    except FileError:
        raise
    except OSError as problem:
        raise FileError(f"cannot read {path}: {problem.strerror or problem}") from problem
    except ValueError as problem:
        raise FileError(f"{str(path)!r:.200} cannot be the name of a file: {problem}") from None
    return found


def json_ready(value: Any) -> Any:
    """Plain values with NaN and infinity, which JSON doesn't have, as null."""
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
