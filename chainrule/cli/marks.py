"""Writing generated parts between marks of a document whose words are written by hand.

<!-- sweep: best -->
... replaced ...
<!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from chainrule.core.errors import FileError
from chainrule.core.files import read, write_whole

MARKS = re.compile(r"(<!-- sweep: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def check(path: Path) -> str:
    """The text of a document with marks; FileError for one without."""
    text = read(path, "a Markdown file with marks").decode("utf-8", errors="replace")
    if not MARKS.search(text):
        raise FileError(
            f"{path} has no place for tables; expected lines <!-- sweep: best --> and <!-- end --> "
            "(also values, importance, points, speed)"
        )
    return text


def fill(path: Path, parts: Mapping[str, str]) -> None:
    """Replace what stands between the marks; what there is no part for stays."""

    def filled(match: re.Match[str]) -> str:
        start, name, end = match.groups()
        return f"{start}{parts[name]}{end}" if name in parts else match.group()

    write_whole(path, MARKS.sub(filled, check(path)).encode())
