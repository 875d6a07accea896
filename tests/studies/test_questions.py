"""Every question: the experiment supports the answer, and the page shows it."""

import re
from pathlib import Path

import pytest

from chainrule.studies.lesson import answered, asked, page
from chainrule.studies.questions import QUESTIONS, Shown, in_order

PAGE = Path(__file__).parents[2] / "docs" / "learn.md"


@pytest.fixture(scope="module")
def shown():
    """Each experiment, run once."""
    found = {}

    def once(name):
        if name not in found:
            found[name] = QUESTIONS[name]().show()
        return found[name]

    return once


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_experiment_supports_the_answer(name, shown):
    assert shown(name).supports, [claim for claim, holds in shown(name).claims.items() if not holds]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_whole_and_fits_a_terminal(name, shown):
    question = QUESTIONS[name]()
    assert question.question.rstrip().endswith(("?", "."))
    assert len(set(question.choices)) == len(question.choices)
    assert len(question.choices) != 1
    assert (0 <= question.right < len(question.choices)) if question.choices else question.right == -1
    assert len(question.answer) > 60
    text = f"{asked(question, 1, 19)}\n{answered(question, shown(name))}"
    assert max(map(len, text.splitlines())) <= 80
    assert shown(name).lines
    assert all(type(holds) is bool for holds in shown(name).claims.values())


def test_the_questions_have_one_order_and_the_right_choice_is_not_always_the_same():
    questions = in_order()
    assert [q.order for q in questions] == list(range(1, len(QUESTIONS) + 1))
    rights = [q.right for q in questions if q.choices]
    assert max(rights.count(i) for i in set(rights)) < 0.65 * len(rights)


def test_an_experiment_that_finds_something_else_does_not_support():
    assert not Shown(("x",), {"one": True, "two": False}).supports
    assert not Shown(("x",), {}).supports


def test_the_page_is_the_one_that_the_command_writes(shown):
    """The numbers are those of the machine that wrote it; everything else is the same on any."""
    made = page(((q, shown(q.name)) for q in in_order()), "chainrule learn --markdown")
    kept = PAGE.read_text(encoding="utf-8")
    number = r"[-+]? *\d[\d,.]*(e[-+]\d+)?"
    assert re.sub(number, "#", kept).split() == re.sub(number, "#", made).split()
