"""The examination: what may come of an odd input. Three things may: the right answer, one of our errors, no other."""

import warnings
from typing import Any

import numpy as np

from chainrule.core.errors import ChainruleError

from .odd import fingerprint, same


class Refused:
    """One of our errors, which says in one line what was expected."""

    def __init__(self, problem, foreign):
        self.problem = problem
        if not isinstance(problem, foreign):
            said = str(problem)
            assert said, f"an error without words: {problem!r}"
            assert "\n" not in said, f"more than a line: {said!r}"
            assert len(said) < 1000, f"a long line: {said!r}"


def outcome(entry, arguments):
    """The answer, or a ``Refused``. Any other error comes through, and so does any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in entry.expected_warnings:
            warnings.simplefilter("ignore", kind)
        try:
            returned = entry.function(**arguments)
        except (ChainruleError, *entry.foreign) as problem:
            return Refused(problem, entry.foreign)
        return entry.answer(returned, arguments)


def examine_array(entry, parameter, given):
    """An odd array for one parameter, against the same numbers as an ordinary one."""
    before = fingerprint(given.value)
    errors = np.geterr()
    found = outcome(entry, {**entry.arguments(given.n), parameter: given.value})
    assert fingerprint(given.value) == before, f"{parameter} was changed"
    assert np.geterr() == errors
    if given.plain is None:
        assert isinstance(found, Refused) or given.form in entry.misfits, f"{given.form} gave {found!r:.200}"
        return
    expected = outcome(entry, {**entry.arguments(given.n), parameter: given.plain})
    if isinstance(expected, Refused):
        assert isinstance(found, Refused), f"{given.form} gave {found!r:.200}; plain: {expected.problem}"
    elif isinstance(found, Refused):
        assert not given.tame, f"{given.form} is refused, and plain is not: {found.problem}"
    else:
        assert same(found, expected, entry.close), f"{given.form} gave {found!r:.300}; plain {expected!r:.300}"


def examine_setting(entry, parameter, value: Any):
    """An odd value for one parameter: an answer or one of our errors, and nothing of NumPy's changed."""
    before, errors = fingerprint(value), np.geterr()
    outcome(entry, {**entry.arguments(8), parameter: value})
    assert fingerprint(value) == before
    assert np.geterr() == errors
