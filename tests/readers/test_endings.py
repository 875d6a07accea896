"""A file's ending says how it is read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from chainrule.core.errors import FileError
from chainrule.readers import READERS, Reader, read


def test_the_shelf_has_the_formats_of_the_documentation():
    assert READERS.names == ("csv", "idx", "npy")


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.b.Csv", "ü ä.csv"])
def test_capitals_and_dots_in_a_name_do_not_matter(reading, name):
    assert reading(b"x\n1\n", name).names == ("x",)


@pytest.mark.parametrize(
    ("name", "ending"), [("a.xlsx", ".xlsx"), ("a", "nothing"), ("a.csv.gz", ".gz"), ("csv", "nothing")]
)
def test_an_unknown_ending_is_answered_with_the_known_ones(reading, refused, name, ending):
    with refused(f"no reader for files ending in '?{ending}'?; known: .csv, .idx, .npy"):
        reading(b"x", name)


@pytest.mark.parametrize("ending", READERS)
def test_a_missing_file_is_one_line(tmp_path, refused, ending):
    with refused(rf"there is no file .*missing\.{ending}"):
        read(tmp_path / f"missing.{ending}")


@pytest.mark.parametrize("ending", READERS)
def test_a_folder_is_one_line(tmp_path, refused, ending):
    (tmp_path / f"folder.{ending}").mkdir()
    with refused(rf"folder\.{ending}"):
        read(tmp_path / f"folder.{ending}")


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("stem", ["a\0b", "x" * 300, "file.csv/inside"])
def test_a_path_that_no_file_can_have_is_one_line(tmp_path, refused, ending, stem):
    (tmp_path / "file.csv").write_bytes(b"x\n1\n")
    with refused(rf"{ending}"):
        read(tmp_path / f"{stem}.{ending}")


def test_a_reader_of_ones_own_is_found_by_its_ending(tmp_path):
    @READERS.register("halves")
    @dataclass(frozen=True)
    class Halves(Reader):
        def read(self, path):
            return np.frombuffer(path.read_bytes(), np.float16)

    try:
        path = tmp_path / "a.halves"
        path.write_bytes(np.float16(1.5).tobytes())
        assert read(path).tolist() == [1.5]
    finally:
        del READERS._classes["halves"]
    with pytest.raises(FileError, match="no reader"):
        read(Path(tmp_path / "a.halves"))
