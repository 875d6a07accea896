"""An odd value for a setting ends in an answer or in one of our errors; and what a thing takes, its file takes."""

import dataclasses
import json

import pytest

from . import shelves
from .calls import CALLS, Entry
from .examine import Refused, examine_setting, outcome
from .odd import SETTINGS, fingerprint

FUNCTIONS = {
    name: [(entry, parameter) for entry in entries for parameter in entry.settings]
    for name, entries in CALLS.items()
    if not isinstance(entries, str)
}


def given(offset, many):
    """All odd values, or every fourth: another fourth for each parameter."""
    return SETTINGS if many else SETTINGS[offset % 4 :: 4]


def examine_function(name, many):
    for i, (entry, parameter) in enumerate(FUNCTIONS[name]):
        for value in given(i, many):
            examine_setting(entry, parameter, value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_odd_settings_of_a_function_end_in_an_answer_or_one_of_our_errors(name, capsys):
    examine_function(name, many=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_odd_setting_of_a_function_ends_in_an_answer_or_one_of_our_errors(name, capsys):
    examine_function(name, many=True)


def fields(thing):
    return [field.name for field in dataclasses.fields(thing) if field.init]


def examine_thing(shelf, thing, many):
    """Each field odd in turn: refused, or a thing that its own description makes again, and that can be used."""
    made, whole = type(thing), shelves.SHELVES[shelf]
    usual = {name: getattr(thing, name) for name in fields(thing)}
    for i, name in enumerate(usual):
        for value in given(i, many):
            before = fingerprint(value)
            found = outcome(Entry(made), {**usual, name: value})
            assert fingerprint(value) == before
            if isinstance(found, Refused):
                continue
            again = whole.make(json.loads(json.dumps(whole.describe(found))))
            assert fields(again) == fields(found)
            assert all(getattr(again, field) == getattr(found, field) for field in usual)
            outcome(Entry(shelves.used), {"shelf": shelf, "thing": found})


@pytest.mark.parametrize("shelf", shelves.SHELVES)
def test_odd_settings_of_things_are_refused_or_kept_in_files_and_usable(shelf, capsys):
    for thing in {thing.name: thing for thing in shelves.things(shelf)}.values():
        examine_thing(shelf, thing, many=False)


@pytest.mark.slow
@pytest.mark.parametrize("shelf", shelves.SHELVES)
def test_every_odd_setting_of_things_is_refused_or_kept_in_files_and_usable(shelf, capsys):
    for thing in shelves.things(shelf):
        examine_thing(shelf, thing, many=True)
