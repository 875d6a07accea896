"""What the tests of readers share."""

from contextlib import contextmanager

import pytest

from chainrule.core.errors import FileError
from chainrule.readers import read


@pytest.fixture
def refused():
    """``with refused("cut off"):`` expects one FileError of one line that says so."""

    @contextmanager
    def check(match):
        with pytest.raises(FileError, match=match) as caught:
            yield
        assert type(caught.value) is FileError
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 600

    return check


@pytest.fixture
def reading(tmp_path):
    """``reading(b"...", "a.csv")`` writes a file of those bytes and reads it."""

    def write_and_read(data, name):
        path = tmp_path / name
        path.write_bytes(data)
        return read(path)

    return write_and_read
