"""Writing measured tables between marks of a document whose words are written by hand.

The names are those of the kinds of work, and "compilation", "targets" and "machine".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.bench import session
from chainrule.bench.work import WORK
from chainrule.core.marks import Marks

MARKS = Marks("measured", (*WORK, "compilation", "targets", "machine"))


def fill(path: Path, document: Mapping[str, Any]) -> None:
    """Replace what stands between the marks; a mark of what was not measured keeps what it has."""
    parts = {name: "\n".join(t.markdown() for t in made) for name, made in session.tables(document).items()}
    lines = [*session.machine_lines(document), *session.absent_lines(document)]
    parts["machine"] = "\n".join(f"- {line}" for line in lines) + "\n"
    MARKS.fill(path, parts)
