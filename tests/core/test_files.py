"""A file is written whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from chainrule.core import files
from chainrule.core.errors import FileError


def test_a_file_is_written_and_read(tmp_path):
    path = tmp_path / "a.bin"
    files.write_whole(path, b"first")
    files.write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert files.read(path, "a file") == b"second"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("fails", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("existed", [True, False])
def test_a_failing_write_leaves_what_was_there_and_nothing_beside_it(tmp_path, monkeypatch, fails, existed):
    path = tmp_path / "a.bin"
    if existed:
        path.write_bytes(b"first")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(FileError, match=r"cannot write .*a\.bin: No space left on device") as refused:
        files.write_whole(path, b"second")
    monkeypatch.undo()
    assert "\n" not in str(refused.value)
    assert [p.name for p in tmp_path.iterdir()] == (["a.bin"] if existed else [])
    if existed:
        assert path.read_bytes() == b"first"


def test_what_was_there_may_be_kept_under_another_name(tmp_path):
    path, before = tmp_path / "a.bin", tmp_path / "before.bin"
    for content in (b"first", b"second", b"third"):
        files.write_whole(path, content, before)
    assert (path.read_bytes(), before.read_bytes()) == (b"third", b"second")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_may_come_in_parts_and_the_system_may_take_them_in_pieces(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, part: write(handle, bytes(part)[:3]))
    numbers = np.arange(6, dtype="<i4").reshape(2, 3)
    parts = [b"head", memoryview(numbers), memoryview(np.empty((0, 4))), b"", b"tail"]
    files.write_whole(tmp_path / "a.bin", parts)
    assert (tmp_path / "a.bin").read_bytes() == b"head" + numbers.tobytes() + b"tail"


def test_leftovers_of_killed_writers_are_swept(tmp_path):
    for name in (".a.bin.0123.part", ".b.bin.0123.part", "a.bin", "a.bin.part"):
        (tmp_path / name).touch()
    files.sweep(tmp_path, "a.bin")
    assert {path.name for path in tmp_path.iterdir()} == {".b.bin.0123.part", "a.bin", "a.bin.part"}


def test_an_interrupted_write_leaves_nothing_beside_the_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"first")

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(path, b"second")
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]
    assert path.read_bytes() == b"first"


def test_the_file_is_on_the_disk_before_it_takes_the_name_and_then_the_name_is(tmp_path, monkeypatch):
    happened = []
    fsync, replace = os.fsync, os.replace

    def flushed(handle):
        happened.append("flush the folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "flush the file")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", lambda a, b: (happened.append(f"rename to {b.name}"), replace(a, b))[1])
    for content in (b"x", b"y"):
        files.write_whole(tmp_path / "a.bin", content, tmp_path / "before")
    first = ["flush the file", "rename to a.bin", "flush the folder"]
    assert happened == [*first, first[0], "rename to before", *first[1:]]


def test_a_file_is_as_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        files.write_whole(tmp_path / "a.bin", b"x")
        assert os.umask(0o027) == 0o027  # and the umask is put back
    finally:
        os.umask(before)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["missing/a.bin", "a_file/a.bin", "a_folder"])
def test_a_path_that_cannot_be_written_is_one_line(tmp_path, path):
    (tmp_path / "a_file").write_bytes(b"")
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "a_folder" / "inside").write_bytes(b"")
    with pytest.raises(FileError, match=f"cannot write .*{Path(path).name}") as refused:
        files.write_whole(tmp_path / path, b"x")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.rglob("*.part"))


def test_a_long_name_can_be_written(tmp_path):
    path = tmp_path / ("x" * 255)
    files.write_whole(path, b"x")
    assert path.read_bytes() == b"x"


def test_reading_what_is_not_there_says_what_was_expected(tmp_path):
    with pytest.raises(FileError, match=r"there is no file .*b\.bin; expected a model file"):
        files.read(tmp_path / "b.bin", "a model file")
    with pytest.raises(FileError, match="is a folder; expected a model file"):
        files.read(tmp_path, "a model file")


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_a_path_that_no_file_can_have_is_refused_in_one_line(path):
    with pytest.raises(FileError):
        files.read(Path(path), "a file")
    with pytest.raises(FileError):
        files.write_whole(Path(path), b"x")


def test_a_file_larger_than_allowed_is_not_read(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    assert files.read(path, "a file", most=5) == b"12345"
    with pytest.raises(FileError, match="has 5 bytes, more than the 4 that a file may have"):
        files.read(path, "a file", most=4)
