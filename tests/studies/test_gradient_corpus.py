"""The proof of the gradient checker: right and wrong backward passes."""

from __future__ import annotations

import pytest

from chainrule.core.mistakes import MISTAKES
from chainrule.studies.gradient_corpus import Case, right_cases, wrong_cases

RIGHT, WRONG = list(right_cases()), list(wrong_cases())


@pytest.fixture(scope="module")
def reports():
    return {case.name: case.run() for case in WRONG}


def test_there_are_at_least_sixty_of_each():
    assert len(RIGHT) >= 60
    assert len(WRONG) >= 60
    assert len({case.name for case in WRONG}) == len(WRONG)
    assert {case.mistake for case in WRONG} == set(MISTAKES) - {"not_finite"}


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_no_false_alarm(case: Case):
    report = case.run()
    assert report.ok, report


def test_a_corner_is_counted_where_there_is_one():
    corners = [case for case in RIGHT if "corner" in case.name and "relu" in case.name]
    assert corners
    assert all(case.run().kinks > 0 for case in corners)


@pytest.mark.thorough
def test_every_wrong_pass_is_detected(reports):
    assert [name for name, report in reports.items() if report.ok] == []


@pytest.mark.thorough
def test_the_mistake_is_named_in_at_least_85_percent(reports):
    named = sum(reports[case.name].mistake == case.mistake for case in WRONG)
    assert named >= 0.85 * len(WRONG)


@pytest.mark.thorough
def test_where_the_mistake_is_a_factor_it_is_the_right_one(reports):
    for case in WRONG:
        report = reports[case.name]
        if case.factor is not None and report.mistake == case.mistake:
            # the float32 case knows its factor to three digits only
            assert report.factor == pytest.approx(case.factor, rel=1e-2 if "float32" in case.name else 1e-6)
