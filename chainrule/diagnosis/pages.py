"""The page of a rule, made from its docstring."""

from __future__ import annotations

import inspect
import re
from typing import Any

from chainrule.diagnosis.drifts import Drift
from chainrule.diagnosis.rules import Rule

ASKED = {True: "cr.diagnose", False: "cr.diagnosis.compare"}  # of a program, of new data
HEADINGS = ("What it sees", "Why it matters", "What to try", "Source")
_PART = re.compile(rf"^({'|'.join(HEADINGS)})\s+", re.MULTILINE)


def parts(rule: type[Any]) -> dict[str, str]:
    """``fault_in_words``, then the text under each heading, each as one paragraph."""
    pieces = _PART.split(inspect.cleandoc(rule.__doc__ or ""))
    named = zip(pieces[1::2], pieces[2::2], strict=True)
    return {"fault_in_words": _paragraph(pieces[0]), **{name: _paragraph(text) for name, text in named}}


def _paragraph(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def page(rule: type[Rule | Drift]) -> str:
    """The rule in Markdown, as docs/rules/<name>.md has it."""
    said = parts(rule)
    lines = [f"# {rule.name}", "", said.pop("fault_in_words"), ""]
    for heading in HEADINGS:
        if heading in said:
            lines += [f"## {heading}", _sentence(said[heading]), ""]
    consequences = ", ".join(f"[{name}]({name}.md)" for name in sorted(rule.explains))
    if consequences:
        lines += [
            "## What follows from it",
            f"{consequences}: where they are found beside it, they are its consequences.",
            "",
        ]
    if rule.example:
        lines += [
            "## A program that shows it, and its cure",
            "```python",
            inspect.cleandoc(rule.example),
            "```",
            f"`{ASKED[issubclass(rule, Rule)]}(**faulty)` names it, first or as a consequence of the first; "
            "with `cured` it does not.",
            "",
        ]
    lines += [f"Taxonomy of cases: `{rule.fault}`. Place in the order of causes: {rule.stage}.", ""]
    return "\n".join(lines)
