"""Writing a file so that it is either whole or not there."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from chainrule.core.errors import FileError


def write_whole(path: Path, data: bytes) -> None:
    """Write beside ``path``, flush to the disk, then rename: a reader never sees half a file.

    Raises FileError in one line when the folder is missing, read-only or full.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a model file is as readable as any other the user writes.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as problem:
        raise FileError(f"cannot write {path}: {problem.strerror or problem}") from problem
    except ValueError as problem:
        raise FileError(f"{str(path)!r:.200} cannot be the name of a file: {problem}") from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def read(path: Path, what: str, most: int | None = None) -> bytes:
    """The bytes of a file, at most ``most`` of them; FileError says why not, and names what it should be."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FileError(f"{path} is a folder; expected {what}")
        if not path.is_file():
            raise FileError(f"{path} is a device or a pipe; expected {what}, as a file")
        if most is not None and size > most:
            raise FileError(f"{path} has {size} bytes, more than the {most} that {what} may have")
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"there is no file {path}; expected {what}") from None
    except FileError:
        raise
    except OSError as problem:
        raise FileError(f"cannot read {path}: {problem.strerror or problem}") from problem
    except ValueError as problem:
        raise FileError(f"{str(path)!r:.200} cannot be the name of a file: {problem}") from None


def json_ready(value: Any) -> Any:
    """Plain values with NaN and infinity, which JSON doesn't have, as null."""
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
