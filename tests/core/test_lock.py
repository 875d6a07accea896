"""One process at a time in a folder."""

import errno
import logging
import os
import subprocess
import sys

import pytest

from chainrule.core import lock
from chainrule.core.errors import FileError
from chainrule.core.lock import Lock

HOLD = """
import sys, time
from pathlib import Path
from chainrule.core.lock import Lock
held = Lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_second_is_refused_until_the_first_lets_go(tmp_path):
    first = Lock(tmp_path)
    with pytest.raises(FileError, match=rf"another training is running in .* \(process {os.getpid()}\)"):
        Lock(tmp_path)
    first.release()
    first.release()
    Lock(tmp_path).release()


def test_a_lock_that_nobody_knows_any_more_is_free(tmp_path):
    Lock(tmp_path)
    Lock(tmp_path).release()


def test_the_kernel_frees_it_at_the_holders_death(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(FileError, match=f"process {process.pid}[)]"):
            Lock(tmp_path)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert f"process {process.pid}\n".encode() in (tmp_path / ".lock").read_bytes()  # stale, and no matter
    Lock(tmp_path).release()


def test_a_folder_that_is_not_there_or_cannot_be_locked_is_an_error_in_one_line(tmp_path, monkeypatch):
    with pytest.raises(FileError, match=r"cannot lock .*No such file"):
        Lock(tmp_path / "gone")
    with pytest.raises(FileError, match="cannot lock"):
        Lock(tmp_path / "a\0b")

    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(lock, "_take", broken)
    with pytest.raises(FileError, match=r"cannot lock .*Input/output error"):
        Lock(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="another kind of lock")
def test_a_file_system_without_locks_is_told_of(tmp_path, monkeypatch, caplog):
    import fcntl

    def unknown(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with caplog.at_level(logging.WARNING, "chainrule"):
        Lock(tmp_path).release()
    assert "no locks" in caplog.text


def test_nothing_of_it_is_left_and_nothing_of_it_tells_where(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.node", lambda: "secret-host")
    held = Lock(tmp_path)
    assert (tmp_path / ".lock").read_text() == f"process {os.getpid()}\n"
    held.release()
    assert not list(tmp_path.iterdir())


def test_who_opened_the_file_before_its_holder_deleted_it_takes_the_new_one(tmp_path, monkeypatch):
    first, take, at_once = Lock(tmp_path), lock._take, []

    def late(handle):
        if not at_once:  # the other has opened the file; now it goes
            at_once.append(first.release())
        return take(handle)

    monkeypatch.setattr(lock, "_take", late)
    second = Lock(tmp_path)
    monkeypatch.undo()
    with pytest.raises(FileError, match="another training"):
        Lock(tmp_path)
    second.release()
