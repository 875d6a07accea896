"""Good files with a few edits, drawn by hypothesis, under the limits of the corpus."""

import pytest

from .formats import FORMATS
from .worker import LIMIT


def looked_at(found, number):
    assert found["files"] >= number * 0.9  # hypothesis tries none twice
    assert 0 < found["loaded"] < found["files"]  # the edits neither spoil all nor nothing
    assert found["peak"] < LIMIT
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_300_damaged_files_end_in_the_data_or_in_one_of_our_errors(name, loaded_mutations):
    looked_at(loaded_mutations[name], 300)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_10_000_damaged_files_do(name, worker, record_property):
    [found] = worker("worker", "mutations", name, 10_000)
    for what, value in looked_at(found, 10_000).items():
        record_property(what, value)
