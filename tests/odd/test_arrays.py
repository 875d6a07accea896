"""An odd array gives the answer of the same numbers in an ordinary one, or one of our errors."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import shelves
from .calls import CALLS
from .examine import examine_array
from .odd import EXAMPLES

FEW = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
MANY = settings(FEW, max_examples=EXAMPLES)


def cases():
    for name, entries in CALLS.items():
        if not isinstance(entries, str):
            yield name, entries
    for shelf, called in shelves.CALLED.items():
        for thing in shelves.things(shelf):
            yield f"{shelf}: {thing}", list(called(thing))


CASES = {
    name: [(entry, parameter) for entry in entries for parameter in entry.arrays] for name, entries in cases()
}
every = pytest.mark.parametrize("name", [name for name, found in CASES.items() if found])


def examine(name, data):
    entry, parameter = data.draw(st.sampled_from(CASES[name]))
    examine_array(entry, parameter, data.draw(entry.arrays[parameter]))


@every
@FEW
@given(data=st.data())
def test_an_odd_array_gives_what_an_ordinary_one_gives_or_one_of_our_errors(name, data):
    examine(name, data)


@pytest.mark.slow
@every
@MANY
@given(data=st.data())
def test_thousands_of_odd_arrays_give_what_ordinary_ones_give_or_one_of_our_errors(name, data):
    examine(name, data)
