"""Writing measured tables between marks of a document whose words are written by hand.

    <!-- measured: training -->
    ... replaced ...
    <!-- end -->

The names are those of the kinds of work, and "compilation", "targets" and "machine".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.bench import session
from chainrule.core.errors import FileError
from chainrule.core.files import read, write_whole

MARKS = re.compile(r"(<!-- measured: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def check(path: Path) -> None:
    """Complain about a document without marks before the work is done."""
    text = read(path, "a Markdown file with marks").decode("utf-8", errors="replace")
    if not MARKS.search(text):
        raise FileError(
            f"{path} has no place for tables; expected lines <!-- measured: training --> and <!-- end -->"
        )


def fill(path: Path, document: Mapping[str, Any]) -> None:
    """Replace what stands between the marks; a mark of what was not measured keeps what it has."""
    check(path)
    parts = {name: "\n".join(t.markdown() for t in made) for name, made in session.tables(document).items()}
    lines = [*session.machine_lines(document), *session.absent_lines(document)]
    parts["machine"] = "\n".join(f"- {line}" for line in lines) + "\n"

    def filled(match: re.Match[str]) -> str:
        start, name, end = match.groups()
        return f"{start}{parts[name]}{end}" if name in parts else match.group()

    write_whole(path, MARKS.sub(filled, path.read_text(encoding="utf-8")).encode())
