"""What the tests of preprocessing and targets share."""

from contextlib import contextmanager

import pytest

from chainrule.core.errors import ChainruleError
from chainrule.readers import read


@pytest.fixture
def table(tmp_path):
    """``table("a,b", "1,x", ...)`` is the table of a CSV file with these lines."""

    def make(*lines, name="t.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read(path)

    return make


@pytest.fixture
def refused():
    """``with refused(InputError, "..."):`` expects that error, in one line."""

    @contextmanager
    def check(error, match):
        with pytest.raises(error, match=match) as caught:
            yield
        assert isinstance(caught.value, ChainruleError)
        assert "\n" not in str(caught.value)

    return check
