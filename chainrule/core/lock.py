"""One process at a time in a folder; who is there is found by the operating system, so nothing goes stale."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
from pathlib import Path

from chainrule.core.errors import FileError
from chainrule.core.kernels import log
from chainrule.core.settings import show

NAME = ".lock"
MOST = 200  # bytes of it that are read


class Lock:
    """Holds ``folder`` until ``release``, or the end of the process, however it comes: the kernel frees it then.

    ``flock`` on a file ``.lock``, which stays and has the holder's process and host for the error that others get.
    Over NFS Linux asks the server, so that it holds between machines too, unless the folder is mounted with
    ``local_lock`` or ``nolock``: then it holds on each machine by itself. Where the file system has no locks at
    all, a line of the log says so and nothing is held. Processes that this one forks hold it with it.

    Raises FileError where another holder, in this process or not, has it, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._handle: int | None = None
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except (OSError, ValueError) as problem:
            raise FileError(f"cannot write {self.path}: {getattr(problem, 'strerror', None) or problem}") from None
        try:
            free = _take(handle)
            if free:
                os.truncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {platform.node()}\n".encode()[:MOST])
        except OSError as problem:
            os.close(handle)
            raise FileError(f"cannot lock {folder}: {problem.strerror}") from None
        if not free:
            who = os.read(handle, MOST).decode("utf-8", "replace").strip()
            os.close(handle)
            raise FileError(f"another training is running in {folder}{who and f' ({show(who)[1:-1]})'}; wait for "
                            "it, stop it, or name another folder")  # fmt: skip
        self._handle = handle

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._handle is not None:
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
