"""Every file of the corpus ends in the data or in one of our errors, in bounded memory and time.

The limits are those of ``worker.py``: addresses for the file and 64 MB besides, and a second of processor time. A
file that took longer is tried once more, as a busy machine makes a processor slower, not only later.
"""

import pytest

from .formats import FORMATS, Format
from .worker import LIMIT, memory, tried

LEAST = 60  # malformed files a format


@pytest.mark.parametrize("name", FORMATS)
def test_the_corpus_is_large(name):
    assert len(FORMATS[name].bad) >= LEAST
    assert not set(FORMATS[name].bad) & set(FORMATS[name].good)


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_ends_in_the_data_or_in_one_of_our_errors(name, loaded_corpus, tmp_path):
    form = FORMATS[name]
    found = loaded_corpus[name]
    assert set(found) == {*form.good, *form.bad}
    faults = {case: row["outcome"] for case, row in found.items() if row["outcome"].startswith("FAULT")}
    assert not faults
    assert {case for case, row in found.items() if row["outcome"] == "data"} == set(form.good)
    for case, row in found.items():
        assert row["peak"] <= row["size"] + LIMIT, case
        if row["seconds"] > 1:
            again = tried(form, tmp_path / form.file, form.data(case))
            assert again["seconds"] <= 1, (case, row["seconds"], again["seconds"])


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_is_short_and_names_the_file(name, loaded_corpus):
    for case, row in loaded_corpus[name].items():
        if row["outcome"] != "data":
            assert any(word in row["outcome"] for word in (FORMATS[name].file, *FORMATS[name].said)), case
            assert len(row["outcome"]) < 1000, case


def test_and_these_tests_can_fail(tmp_path):
    def hoard(path):
        return bytes(LIMIT + 50_000_000)

    def slow(path):
        return sum(i * i for i in range(15_000_000))

    def crash(path):
        raise KeyError("a crash")

    def two_lines(path):
        raise OSError("one\ntwo")

    def ended(load):
        return tried(Format("x", load, None, (OSError,)), tmp_path / "x", b"x")

    assert ended(crash)["outcome"].startswith("FAULT KeyError")
    assert ended(two_lines)["outcome"].startswith("FAULT message")
    assert ended(slow)["seconds"] > 0.5
    if memory("VmSize"):
        assert ended(hoard)["outcome"].startswith("FAULT MemoryError")
        assert ended(lambda path: bytes(40_000_000))["peak"] < LIMIT
        assert ended(lambda path: b"x" * 40_000_000)["peak"] > 35_000_000
