"""docs/reproductions.md: written from the ledger beside it, of the recipes as they are."""

from pathlib import Path

from chainrule.studies.reproductions import load, names
from chainrule.studies.reproductions.ledger import Ledger
from chainrule.studies.reproductions.page import page
from chainrule.studies.reproductions.rows import row

LEDGER = Path(__file__).parents[2] / "docs" / "reproductions.json"
COMMAND = "chainrule reproduce --ledger docs/reproductions.json --notes docs/reproductions.md"


def test_the_page_is_what_the_ledger_says():
    rows = [row(load(name), Ledger(LEDGER)) for name in names()]
    assert LEDGER.with_suffix(".md").read_text(encoding="utf-8") == page(rows, LEDGER.name, COMMAND), COMMAND
