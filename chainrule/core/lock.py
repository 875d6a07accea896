"""One process at a time in a folder; who is there is found by the operating system, so nothing goes stale."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from chainrule.core.errors import FileError
from chainrule.core.kernels import log
from chainrule.core.settings import show

NAME = ".lock"
MOST = 200  # bytes of it that are read


class Lock:
    """Holds ``folder`` until ``release``, or the end of the process, however it comes: the kernel frees it then.

    ``flock`` on a file ``.lock``, which has the number of the holder's process, for the error that others get; a
    holder that is killed leaves the file, which holds nobody up. Over NFS Linux asks the server, so that it holds
    between machines too, unless the folder is mounted with ``local_lock`` or ``nolock``: then it holds on each
    machine by itself. Where the file system has no locks at all, a line of the log says so and nothing is held.
    Processes that this one forks hold it with it.

    Raises FileError where another holder, in this process or not, has it, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._handle: int | None = None
        try:
            handle = _hold(self.path)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise FileError(f"cannot lock {folder}: {reason}") from None
        if handle is None:
            who = _holder(self.path)
            raise FileError(
                f"another training is running in {folder}{who}; wait for it, stop it, or name another folder"
            )
        self._handle = handle

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                # while it is held: who waits for this file finds that it is not the one of this name any more
                self.path.unlink()
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.release()


def _take(handle: int) -> bool:
    """Whether it was free, and is ours now; OSError for other troubles."""
    try:
        if os.name == "nt":
            import msvcrt

            # far behind the text, as Windows lets nobody read what is locked
            os.lseek(handle, 2**30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        if problem.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        if problem.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS):
            raise
        log.warning("this file system has no locks; take care that no second training writes to the same folder")
    return True


def _hold(path: Path) -> int | None:
    """The file, open and ours; None where it is another's. OSError for other troubles."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _take(handle):
                os.close(handle)
                return None
            if _is(path, handle):
                os.truncate(handle, 0)
                os.write(handle, f"process {os.getpid()}\n".encode())
                return handle
        except OSError:
            os.close(handle)
            raise
        os.close(handle)  # its holder has deleted it just now


def _is(path: Path, handle: int) -> bool:
    """Whether the open file is the one of this name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    """What its holder wrote, in brackets, if it can be read."""
    with contextlib.suppress(OSError):
        with path.open("rb") as file:
            said = file.read(MOST).decode("utf-8", "replace").strip()
        return f" ({show(said)[1:-1]})" if said else ""
    return ""
