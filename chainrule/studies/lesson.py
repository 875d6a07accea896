"""The questions as text: for a terminal, and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from chainrule.studies.questions.base import Question, Shown
from chainrule.studies.text import WIDTH, reflowed

LETTERS = "abcdefgh"


def asked(question: Question, number: int, of: int) -> str:
    """The question and its choices."""
    lines = [filled(f"{number}/{of}  {question.question}"), ""]
    for letter, choice in zip(LETTERS, question.choices, strict=False):
        lines.append(filled(choice, f"  {letter}) ", "     "))
    return "\n".join(lines).rstrip("\n")


def answered(question: Question, shown: Shown) -> str:
    """The answer in words, and the experiment that shows it."""
    lines = []
    if question.choices:
        lines.append(filled(question.choices[question.right], f"{LETTERS[question.right]}) ", "   "))
    lines += [filled(question.answer), "", "Shown by running it:", ""]
    lines += [f"    {line}".rstrip() for line in shown.lines]
    lines.append("")
    for claim, holds in shown.claims.items():
        lines.append(filled(claim, "  yes: " if holds else "  NO:  ", "       "))
    return "\n".join(lines)


def filled(text: str, first: str = "", rest: str = "") -> str:
    """Text broken at the terminal's usual width."""
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def page(questions: Iterable[tuple[Question, Shown]], command: str) -> str:
    """All questions with answers and experiments, in Markdown."""
    parts = [
        f"<!-- Written by `{command}`. Change the questions, not this file. -->",
        "# Questions, and experiments that answer them",
        "`chainrule learn` asks these one at a time, and then runs the experiment. This page was written by "
        f"`{command}`, numbers included. The code of each is a short file in `chainrule/studies/questions`.",
    ]
    for number, (question, shown) in enumerate(questions, 1):
        parts.append(f"## {number}. {question.question}")
        if question.choices:
            parts.append(
                "\n".join(
                    f"- {letter}) {choice}" for letter, choice in zip(LETTERS, question.choices, strict=False)
                )
            )
            parts.append(f"**{LETTERS[question.right]})** {question.answer}")
        else:
            parts.append(question.answer)
        parts.append("\n".join(f"    {line}".rstrip() for line in shown.lines))
        parts.append(
            "Found: "
            + "; ".join(f"{c}{'' if holds else ' (NOT found)'}" for c, holds in shown.claims.items())
            + "."
        )
    return reflowed("\n\n".join(parts))
