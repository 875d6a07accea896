"""A file is written whole or not at all."""

import errno
import os
from pathlib import Path

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


@pytest.mark.parametrize("fails", ["fsync", "replace", "chmod", "write"])
@pytest.mark.parametrize("existed", [True, False])
def test_a_failing_write_leaves_what_was_there_and_nothing_beside_it(tmp_path, monkeypatch, fails, existed):
    path = tmp_path / "a.bin"
    if existed:
        path.write_bytes(b"first")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    target = {"fsync": (os, "fsync"), "replace": (Path, "replace"), "chmod": (Path, "chmod")}
    if fails == "write":
        opened = os.fdopen

        class Full:
            def __init__(self, handle, mode):
                self.file = opened(handle, mode)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.file.close()

            write = full

        monkeypatch.setattr(os, "fdopen", Full)
    else:
        monkeypatch.setattr(*target[fails], full)
    with pytest.raises(FileError, match=r"cannot write .*a\.bin: No space left on device") as refused:
        files.write_whole(path, b"second")
    monkeypatch.undo()
    assert "\n" not in str(refused.value)
    assert [p.name for p in tmp_path.iterdir()] == (["a.bin"] if existed else [])
    if existed:
        assert path.read_bytes() == b"first"


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


def test_the_file_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    happened = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (happened.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (happened.append("replace"), replace(a, b))[1])
    files.write_whole(tmp_path / "a.bin", b"x")
    assert happened == ["fsync", "replace"]


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
