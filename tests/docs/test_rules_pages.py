"""docs/rules/: a page for each rule of the doctor, as its command writes them."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("rules_pages", DOCS / "rules.py")
rules = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(rules)


def test_the_pages_are_as_their_command_writes_them():
    written = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "rules").glob("*.md")}
    assert written == rules.pages()


def test_every_rule_has_a_program_that_shows_it():
    assert [name for name in rules.RULES if not rules.RULES[name].example] == []
